// Adds one to the counter that the payload names and answers with its new value.
package main

import (
	"errors"
	"strconv"

	tarmac "github.com/tarmac-project/tarmac-python/sdk/go"
	"github.com/tarmac-project/tarmac-python/sdk/go/kv"
)

// The counter of calls without a payload, such as those of schedules.
const defaultName = "counter"

var store kv.Client

func main() {
	sdk, err := tarmac.New(tarmac.Config{Handler: count})
	if err != nil {
		panic(err)
	}
	if store, err = kv.New(kv.Config{SDKConfig: sdk.Config()}); err != nil {
		panic(err)
	}
}

func count(payload []byte) ([]byte, error) {
	name := string(payload)
	if name == "" {
		name = defaultName
	}
	value, err := current(name)
	if err != nil {
		return nil, err
	}
	next := strconv.AppendInt(nil, value+1, 10)
	return next, store.Set(name, next)
}

func current(name string) (int64, error) {
	text, err := store.Get(name)
	if errors.Is(err, kv.ErrKeyNotFound) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	return strconv.ParseInt(string(text), 10, 64)
}
