// Calls the function that the payload's first line names with the lines after it, and answers with its answer.
package main

import (
	"bytes"

	tarmac "github.com/tarmac-project/tarmac-python/sdk/go"
	"github.com/tarmac-project/tarmac-python/sdk/go/function"
	"github.com/tarmac-project/tarmac-python/sdk/go/logging"
)

var (
	functions function.Client
	log       logging.Client
)

func main() {
	sdk, err := tarmac.New(tarmac.Config{Handler: call})
	if err != nil {
		panic(err)
	}
	if functions, err = function.New(function.Config{SDKConfig: sdk.Config()}); err != nil {
		panic(err)
	}
	if log, err = logging.New(logging.Config{SDKConfig: sdk.Config()}); err != nil {
		panic(err)
	}
}

func call(payload []byte) ([]byte, error) {
	name, input, _ := bytes.Cut(payload, []byte("\n"))
	log.Info("calling " + string(name))
	return functions.Call(string(name), input)
}
