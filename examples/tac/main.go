// Reverses text and keeps the answer in the key-value store, so that the same text is reversed only once.
package main

import (
	"errors"
	"slices"

	tarmac "github.com/tarmac-project/tarmac-python/sdk/go"
	"github.com/tarmac-project/tarmac-python/sdk/go/kv"
	"github.com/tarmac-project/tarmac-python/sdk/go/logging"
)

// Longer texts cannot be keys of the store, so they are reversed each time.
const maxKeyBytes = 32768

type tac struct {
	store kv.Client
	log   logging.Client
}

func main() {
	function := &tac{}
	sdk, err := tarmac.New(tarmac.Config{Handler: function.handle})
	if err != nil {
		panic(err)
	}
	if function.store, err = kv.New(kv.Config{SDKConfig: sdk.Config()}); err != nil {
		panic(err)
	}
	if function.log, err = logging.New(logging.Config{SDKConfig: sdk.Config()}); err != nil {
		panic(err)
	}
}

func (t *tac) handle(payload []byte) ([]byte, error) {
	if len(payload) == 0 || len(payload) > maxKeyBytes {
		return reverse(payload), nil
	}
	cached, err := t.store.Get(string(payload))
	if err == nil {
		t.log.Info("cache hit")
		return cached, nil
	}
	if !errors.Is(err, kv.ErrKeyNotFound) {
		return nil, err
	}
	t.log.Info("cache miss")
	reversed := reverse(payload)
	return reversed, t.store.Set(string(payload), reversed)
}

// reverse turns the order of Unicode code points around; bytes that are not UTF-8 become U+FFFD.
func reverse(text []byte) []byte {
	runes := []rune(string(text))
	slices.Reverse(runes)
	return []byte(string(runes))
}
