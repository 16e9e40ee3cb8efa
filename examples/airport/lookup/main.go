// Answers with the airport of a local code, from the cache or from the database.
package main

import (
	"errors"
	"strings"

	tarmac "github.com/tarmac-project/tarmac-python/sdk/go"
	"github.com/tarmac-project/tarmac-python/sdk/go/exchange"
	"github.com/tarmac-project/tarmac-python/sdk/go/kv"
	"github.com/tarmac-project/tarmac-python/sdk/go/logging"
	"github.com/tarmac-project/tarmac-python/sdk/go/sql"
)

// maxCodeBytes is the longest code that the database can hold.
const maxCodeBytes = 64

var (
	cache    kv.Client
	database sql.Client
	log      logging.Client
	web      exchange.Client
)

func main() {
	sdk, err := tarmac.New(tarmac.Config{Handler: lookup})
	if err != nil {
		panic(err)
	}
	config := sdk.Config()
	cache, _ = kv.New(kv.Config{SDKConfig: config})
	database, _ = sql.New(sql.Config{SDKConfig: config})
	log, _ = logging.New(logging.Config{SDKConfig: config})
	web, _ = exchange.New(exchange.Config{SDKConfig: config})
}

func lookup(payload []byte) ([]byte, error) {
	code, err := requested(payload)
	if err != nil {
		return answer(400, problem(err.Error()))
	}
	if len(code) > maxCodeBytes {
		return answer(404, problem("there is no airport with this local_code"))
	}
	if known := cached(code); known != nil {
		return answer(200, known)
	}
	found, err := find(code)
	switch {
	case errors.Is(err, errUnknown):
		return answer(404, problem("there is no airport with this local_code"))
	case errors.Is(err, errNotLoaded):
		return answer(503, problem("the airports are not loaded yet"))
	case err != nil:
		return nil, err
	}
	body := encode(found)
	keep(code, body)
	return answer(200, body)
}

// requested is the code of the body, or of the path where there is no body. Space around it does not count.
func requested(payload []byte) (string, error) {
	code := ""
	if len(payload) > 0 {
		var err error
		if code, err = decode(payload); err != nil {
			return "", err
		}
	} else if request, err := web.Get(); err == nil {
		code = request.Parameters["code"]
	}
	if code = strings.TrimSpace(code); code == "" {
		return "", errors.New("local_code is required")
	}
	return code, nil
}

// answer sets what HTTP needs beside the body. A caller that is no HTTP request gets the body alone.
func answer(code int, body []byte) ([]byte, error) {
	err := web.Set(exchange.Response{Code: code, Headers: map[string][]string{"Content-Type": {"application/json"}}})
	if errors.Is(err, exchange.ErrNoExchange) {
		err = nil
	}
	return body, err
}
