package exchange_test

import (
	"bytes"
	"errors"
	"reflect"
	"testing"

	tarmac "github.com/tarmac-project/tarmac-python/sdk/go"
	"github.com/tarmac-project/tarmac-python/sdk/go/exchange"
	"github.com/tarmac-project/tarmac-python/sdk/go/hostmock"
	"github.com/tarmac-project/tarmac-python/sdk/go/internal/reply"
	"github.com/tarmac-project/tarmac-python/sdk/go/internal/wire"
)

func client(t *testing.T, config hostmock.Config) exchange.Client {
	t.Helper()
	config.ExpectedCapability = "http"
	mock, _ := hostmock.New(config)
	web, err := exchange.New(exchange.Config{HostCall: mock.HostCall})
	if err != nil {
		t.Fatal(err)
	}
	return web
}

func pair(name, value string) []byte {
	return wire.AppendBytes(wire.AppendBytes(nil, 1, name), 2, value)
}

func TestGetReadsEveryPropertyOfTheRequest(t *testing.T) {
	message := reply.Status(200, "OK", "GET")()
	message = wire.AppendBytes(message, 3, "/users/7")
	message = wire.AppendBytes(message, 4, "/users/:id")
	message = wire.AppendBytes(message, 5, pair("id", "7"))
	message = wire.AppendBytes(message, 6, pair("q", "a"))
	message = wire.AppendBytes(message, 6, pair("q", "b"))
	message = wire.AppendBytes(message, 7, pair("accept", string(wire.AppendBytes(wire.AppendBytes(nil, 1, "x"), 1, "y"))))
	message = wire.AppendBytes(message, 8, "127.0.0.1:5")
	message = wire.AppendBytes(message, 9, "CN=client")
	web := client(t, hostmock.Config{ExpectedFunction: "request/get", Response: func() []byte { return message }})
	got, err := web.Get()
	want := &exchange.Request{
		Method: "GET", Path: "/users/7", Route: "/users/:id", Parameters: map[string]string{"id": "7"},
		Query: []exchange.Pair{{Name: "q", Value: "a"}, {Name: "q", Value: "b"}}, Headers: map[string][]string{"accept": {"x", "y"}},
		RemoteAddress: "127.0.0.1:5", TLSSubject: "CN=client",
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Fatalf("%+v, %v", got, err)
	}
}

func TestABrokenPropertyIsErrHostResponseInvalid(t *testing.T) {
	for _, field := range []int{5, 6, 7} {
		message := wire.AppendBytes(reply.Status(200, "OK")(), field, "\x80")
		web := client(t, hostmock.Config{Response: func() []byte { return message }})
		if _, err := web.Get(); !errors.Is(err, tarmac.ErrHostResponseInvalid) {
			t.Errorf("field %d: %v", field, err)
		}
	}
}

func TestACallThatAnswersNoRequestIsErrNoExchange(t *testing.T) {
	web := client(t, hostmock.Config{Response: reply.Status(404, "no request"), Fail: true})
	if _, err := web.Get(); !errors.Is(err, exchange.ErrNoExchange) {
		t.Error(err)
	}
	if err := web.Set(exchange.Response{Code: 201}); !errors.Is(err, exchange.ErrNoExchange) {
		t.Error(err)
	}
}

func TestSetSendsCodeAndHeaders(t *testing.T) {
	header := wire.AppendBytes(wire.AppendBytes(nil, 1, "a"), 1, "b")
	want := wire.AppendBytes([]byte{0x08, 0xa2, 0x03}, 2, pair("x-tea", string(header)))
	web := client(t, hostmock.Config{
		ExpectedFunction: "response/set", Response: reply.Status(200, "OK"),
		PayloadValidator: func(got []byte) error {
			if !bytes.Equal(got, want) {
				t.Errorf("% x, want % x", got, want)
			}
			return nil
		},
	})
	if err := web.Set(exchange.Response{Code: 418, Headers: map[string][]string{"x-tea": {"a", "b"}}}); err != nil {
		t.Fatal(err)
	}
}
