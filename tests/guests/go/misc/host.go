package main

import (
	"bytes"
	"errors"
	"slices"
	"strconv"
	"syscall"

	tarmac "github.com/tarmac-project/tarmac-python/sdk/go"
	"github.com/tarmac-project/tarmac-python/sdk/go/exchange"
)

// doFlood makes so many host calls and answers with their number.
func doFlood(arguments []byte) ([]byte, error) {
	count, err := number(arguments)
	if err != nil {
		return nil, err
	}
	for range count {
		log.Trace("flood")
	}
	return strconv.AppendInt(nil, int64(count), 10), nil
}

// doLog writes one line: level, text.
func doLog(arguments []byte) ([]byte, error) {
	level, text, _ := bytes.Cut(arguments, []byte(" "))
	write := map[string]func(string){
		"info": log.Info, "warn": log.Warn, "error": log.Error, "debug": log.Debug, "trace": log.Trace,
	}[string(level)]
	if write == nil {
		return nil, errors.New("unknown level " + string(level))
	}
	write(string(text))
	return nil, nil
}

// doPrint writes to standard output.
func doPrint(text []byte) ([]byte, error) {
	_, err := syscall.Write(syscall.Stdout, append(text, '\n'))
	return nil, err
}

// doGet answers with the code and text of the host's status, or with 200 and the value.
func doGet(key []byte) ([]byte, error) {
	value, err := store.Get(string(key))
	var failure *tarmac.HostStatusError
	if errors.As(err, &failure) {
		return []byte(strconv.Itoa(int(failure.Code)) + " " + failure.Status), nil
	}
	return append([]byte("200 "), value...), err
}

// doRequest answers with what the HTTP request was, one property a line.
func doRequest([]byte) ([]byte, error) {
	request, err := web.Get()
	if err != nil {
		return nil, err
	}
	lines := []string{
		"method=" + request.Method, "path=" + request.Path, "route=" + request.Route,
		"remote=" + request.RemoteAddress, "subject=" + request.TLSSubject,
	}
	for name, value := range request.Parameters {
		lines = append(lines, "parameter "+name+"="+value)
	}
	for _, pair := range request.Query {
		lines = append(lines, "query "+pair.Name+"="+pair.Value)
	}
	for name, values := range request.Headers {
		for _, value := range values {
			lines = append(lines, "header "+name+"="+value)
		}
	}
	slices.Sort(lines)
	var text []byte
	for _, line := range lines {
		text = append(append(text, line...), '\n')
	}
	return text, nil
}

// doRespond sets the status and, if given, one header: code, name, value. The body is empty.
func doRespond(arguments []byte) ([]byte, error) {
	parts := bytes.SplitN(arguments, []byte(" "), 3)
	code, err := number(parts[0])
	if err != nil {
		return nil, err
	}
	response := exchange.Response{Code: code}
	if len(parts) == 3 {
		response.Headers = map[string][]string{string(parts[1]): {string(parts[2])}}
	}
	return nil, web.Set(response)
}
