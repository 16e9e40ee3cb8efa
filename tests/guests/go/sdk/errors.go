package main

import (
	"errors"
	"strconv"

	tarmac "github.com/tarmac-project/tarmac-python/sdk/go"
	"github.com/tarmac-project/tarmac-python/sdk/go/exchange"
	"github.com/tarmac-project/tarmac-python/sdk/go/function"
	"github.com/tarmac-project/tarmac-python/sdk/go/httpclient"
	"github.com/tarmac-project/tarmac-python/sdk/go/kv"
	"github.com/tarmac-project/tarmac-python/sdk/go/metrics"
	"github.com/tarmac-project/tarmac-python/sdk/go/sql"
)

var kinds = []struct {
	name string
	err  error
}{
	{"ErrHostCall", tarmac.ErrHostCall},
	{"ErrHostError", tarmac.ErrHostError},
	{"ErrHostResponseInvalid", tarmac.ErrHostResponseInvalid},
	{"kv.ErrKeyNotFound", kv.ErrKeyNotFound},
	{"kv.ErrNotSupported", kv.ErrNotSupported},
	{"kv.ErrInvalidKey", kv.ErrInvalidKey},
	{"sql.ErrPartialResult", sql.ErrPartialResult},
	{"sql.ErrInvalidQuery", sql.ErrInvalidQuery},
	{"sql.ErrMarshalRequest", sql.ErrMarshalRequest},
	{"sql.ErrUnmarshalResponse", sql.ErrUnmarshalResponse},
	{"httpclient.ErrInvalidURL", httpclient.ErrInvalidURL},
	{"httpclient.ErrInvalidMethod", httpclient.ErrInvalidMethod},
	{"metrics.ErrInvalidMetricName", metrics.ErrInvalidMetricName},
	{"function.ErrInvalidFunctionName", function.ErrInvalidFunctionName},
	{"exchange.ErrNoExchange", exchange.ErrNoExchange},
}

// describe names the errors that this one is, then the host's status if it carries one, else its text.
func describe(err error) string {
	text := "!"
	for _, kind := range kinds {
		if errors.Is(err, kind.err) {
			text += kind.name + " "
		}
	}
	var status *tarmac.HostStatusError
	if errors.As(err, &status) {
		return text + strconv.Itoa(int(status.Code)) + " " + status.Status
	}
	return text + err.Error()
}
