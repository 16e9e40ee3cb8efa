// Does what the payload's first word says; the words after it are its arguments. Commands are listed in tests/guests/README.md.
package main

import (
	"bytes"
	"errors"
	"strconv"

	tarmac "github.com/tarmac-project/tarmac-python/sdk/go"
	"github.com/tarmac-project/tarmac-python/sdk/go/exchange"
	"github.com/tarmac-project/tarmac-python/sdk/go/kv"
	"github.com/tarmac-project/tarmac-python/sdk/go/logging"
)

type command func(arguments []byte) ([]byte, error)

var (
	log   logging.Client
	store kv.Client
	web   exchange.Client
	calls int64
)

func main() {
	sdk, err := tarmac.New(tarmac.Config{Handler: run})
	if err != nil {
		panic(err)
	}
	log, _ = logging.New(logging.Config{SDKConfig: sdk.Config()})
	store, _ = kv.New(kv.Config{SDKConfig: sdk.Config()})
	web, _ = exchange.New(exchange.Config{SDKConfig: sdk.Config()})
}

func run(payload []byte) ([]byte, error) {
	calls++
	name, arguments, _ := bytes.Cut(payload, []byte(" "))
	do, found := map[string]command{
		"trap": doTrap, "panic": doPanic, "exit": doExit, "loop": doLoop, "sleep": doSleep,
		"eat": doEat, "answer": doAnswer, "flood": doFlood, "error": doError, "calls": doCalls,
		"log": doLog, "print": doPrint, "get": doGet, "request": doRequest, "respond": doRespond,
	}[string(name)]
	if !found {
		return nil, errors.New("unknown command " + strconv.Quote(string(name)))
	}
	return do(arguments)
}

func doCalls([]byte) ([]byte, error) { return strconv.AppendInt(nil, calls, 10), nil }

func doError(text []byte) ([]byte, error) { return nil, errors.New(string(text)) }

func number(text []byte) (int, error) { return strconv.Atoi(string(bytes.TrimSpace(text))) }
