// Calls the SDK: the payload's first line is a command, the lines after it are its arguments. An error is an answer too, so
// that tests see which errors it is. Commands are listed in tests/guests/README.md.
package main

import (
	"errors"
	"strings"

	tarmac "github.com/tarmac-project/tarmac-python/sdk/go"
	"github.com/tarmac-project/tarmac-python/sdk/go/sql"
)

type command func(config tarmac.RuntimeConfig, arguments []string) (string, error)

var commands = map[string]command{
	"kv.get": kvGet, "kv.set": kvSet, "kv.cas": kvCas, "kv.delete": kvDelete, "kv.keys": kvKeys, "kv.scan": kvScan, "kv.page": kvPage,
	"sql.exec": sqlExec, "sql.query": sqlQuery, "sql.scan": sqlScan,
	"http.get": httpGet, "http.delete": httpDelete, "http.post": httpPost, "http.put": httpPut, "http.do": httpDo,
	"metrics": measure, "log": writeLog, "call": callFunction, "request": httpRequest, "respond": httpRespond,
}

func main() {
	if _, err := tarmac.New(tarmac.Config{Handler: handle}); err != nil {
		panic(err)
	}
}

func handle(payload []byte) ([]byte, error) {
	lines := strings.Split(string(payload), "\n")
	name, store, _ := strings.Cut(lines[0], "@")
	run, known := commands[name]
	if !known {
		return nil, errors.New("unknown command " + name)
	}
	answer, err := run(tarmac.RuntimeConfig{Namespace: store}, lines[1:])
	switch {
	case errors.Is(err, sql.ErrPartialResult):
		answer += describe(err)
	case err != nil:
		answer = describe(err)
	}
	return []byte(answer), nil
}
