package main

import (
	"strconv"
	"strings"
	"time"

	tarmac "github.com/tarmac-project/tarmac-python/sdk/go"
	"github.com/tarmac-project/tarmac-python/sdk/go/kv"
)

func kvClient(config tarmac.RuntimeConfig) kv.Client {
	client, err := kv.New(kv.Config{SDKConfig: config})
	if err != nil {
		panic(err)
	}
	return client
}

// kvGet: key.
func kvGet(config tarmac.RuntimeConfig, arguments []string) (string, error) {
	value, err := kvClient(config).Get(arguments[0])
	return string(value), err
}

// kvSet: key, value, perhaps milliseconds to live.
func kvSet(config tarmac.RuntimeConfig, arguments []string) (string, error) {
	options, err := lifetime(arguments[2:])
	if err != nil {
		return "", err
	}
	return "", kvClient(config).Set(arguments[0], []byte(arguments[1]), options...)
}

// kvCas: key, old value, new value, perhaps milliseconds to live. A value is what follows "=", "-" is none.
func kvCas(config tarmac.RuntimeConfig, arguments []string) (string, error) {
	options, err := lifetime(arguments[3:])
	if err != nil {
		return "", err
	}
	swapped, err := kvClient(config).CompareAndSwap(arguments[0], optional(arguments[1]), optional(arguments[2]), options...)
	return strconv.FormatBool(swapped), err
}

// kvDelete: key.
func kvDelete(config tarmac.RuntimeConfig, arguments []string) (string, error) {
	return "", kvClient(config).Delete(arguments[0])
}

func kvKeys(config tarmac.RuntimeConfig, _ []string) (string, error) {
	keys, err := kvClient(config).Keys()
	return strings.Join(keys, "\n"), err
}

// kvScan: prefix.
func kvScan(config tarmac.RuntimeConfig, arguments []string) (string, error) {
	var keys []string
	for key, err := range kvClient(config).Scan(arguments[0]) {
		if err != nil {
			return "", err
		}
		keys = append(keys, key)
	}
	return strings.Join(keys, "\n"), nil
}

// kvPage: prefix, cursor in quotes, limit. The first line of the answer is the next cursor, in quotes.
func kvPage(config tarmac.RuntimeConfig, arguments []string) (string, error) {
	cursor, err := strconv.Unquote(arguments[1])
	if err != nil {
		return "", err
	}
	limit, err := strconv.Atoi(arguments[2])
	if err != nil {
		return "", err
	}
	page, err := kvClient(config).Page(arguments[0], cursor, limit)
	return strconv.QuoteToASCII(page.Cursor) + "\n" + strings.Join(page.Keys, "\n"), err
}

func lifetime(arguments []string) ([]kv.Option, error) {
	if len(arguments) == 0 {
		return nil, nil
	}
	ms, err := strconv.Atoi(arguments[0])
	return []kv.Option{kv.TTL(time.Duration(ms) * time.Millisecond)}, err
}

func optional(text string) []byte {
	if value, given := strings.CutPrefix(text, "="); given {
		return []byte(value)
	}
	return nil
}
