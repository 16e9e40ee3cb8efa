package main

import (
	"slices"
	"strconv"
	"strings"

	tarmac "github.com/tarmac-project/tarmac-python/sdk/go"
	"github.com/tarmac-project/tarmac-python/sdk/go/exchange"
	"github.com/tarmac-project/tarmac-python/sdk/go/httpclient"
)

func webClient(config tarmac.RuntimeConfig, insecure bool) httpclient.Client {
	client, err := httpclient.New(httpclient.Config{SDKConfig: config, InsecureSkipVerify: insecure})
	if err != nil {
		panic(err)
	}
	return client
}

// httpGet: URL, perhaps the word insecure.
func httpGet(config tarmac.RuntimeConfig, arguments []string) (string, error) {
	return shown(webClient(config, slices.Contains(arguments[1:], "insecure")).Get(arguments[0]))
}

// httpDelete: URL.
func httpDelete(config tarmac.RuntimeConfig, arguments []string) (string, error) {
	return shown(webClient(config, false).Delete(arguments[0]))
}

// httpPost: URL, content type, body.
func httpPost(config tarmac.RuntimeConfig, arguments []string) (string, error) {
	return shown(webClient(config, false).Post(arguments[0], arguments[1], strings.NewReader(arguments[2])))
}

// httpPut: URL, content type, body.
func httpPut(config tarmac.RuntimeConfig, arguments []string) (string, error) {
	return shown(webClient(config, false).Put(arguments[0], arguments[1], strings.NewReader(arguments[2])))
}

// httpDo: method, URL, body, headers as "name: value".
func httpDo(config tarmac.RuntimeConfig, arguments []string) (string, error) {
	request, err := httpclient.NewRequest(arguments[0], arguments[1], strings.NewReader(arguments[2]))
	if err != nil {
		return "", err
	}
	for _, line := range arguments[3:] {
		name, value, _ := strings.Cut(line, ": ")
		request.Header.Add(name, value)
	}
	return shown(webClient(config, false).Do(request))
}

// shown is the code, its text, the value of content-type and X-Kind, whether the body was cut, and the body.
func shown(response *httpclient.Response, err error) (string, error) {
	if err != nil {
		return "", err
	}
	return strings.Join([]string{
		strconv.Itoa(response.StatusCode), response.Status, response.Header.Get("content-type"),
		strings.Join(response.Header.Values("X-KIND"), "+"), strconv.FormatBool(response.Truncated), string(response.Bytes()),
	}, "|"), nil
}

func exchangeClient(config tarmac.RuntimeConfig) exchange.Client {
	client, err := exchange.New(exchange.Config{SDKConfig: config})
	if err != nil {
		panic(err)
	}
	return client
}

// httpRequest answers with method, route, and the parameter, query and header named "x".
func httpRequest(config tarmac.RuntimeConfig, _ []string) (string, error) {
	request, err := exchangeClient(config).Get()
	if err != nil {
		return "", err
	}
	parts := []string{request.Method, request.Route, request.Parameters["x"]}
	for _, pair := range request.Query {
		parts = append(parts, pair.Name+"="+pair.Value)
	}
	return strings.Join(append(parts, request.Headers["x"]...), "|"), nil
}

// httpRespond: code, name and value of a header.
func httpRespond(config tarmac.RuntimeConfig, arguments []string) (string, error) {
	code, err := strconv.Atoi(arguments[0])
	if err != nil {
		return "", err
	}
	return "", exchangeClient(config).Set(exchange.Response{Code: code, Headers: map[string][]string{arguments[1]: {arguments[2]}}})
}
