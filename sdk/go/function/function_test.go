package function_test

import (
	"errors"
	"testing"

	tarmac "github.com/tarmac-project/tarmac-python/sdk/go"
	"github.com/tarmac-project/tarmac-python/sdk/go/function"
	"github.com/tarmac-project/tarmac-python/sdk/go/hostmock"
)

func client(t *testing.T, config hostmock.Config) function.Client {
	t.Helper()
	config.ExpectedCapability = "function"
	mock, _ := hostmock.New(config)
	functions, err := function.New(function.Config{HostCall: mock.HostCall})
	if err != nil {
		t.Fatal(err)
	}
	return functions
}

func TestCallReturnsWhatTheFunctionAnswers(t *testing.T) {
	functions := client(t, hostmock.Config{ExpectedFunction: "lookup", Response: func() []byte { return []byte("found") }})
	if answer, err := functions.Call("lookup", []byte("PHX")); err != nil || string(answer) != "found" {
		t.Fatal(string(answer), err)
	}
}

func TestAFailedCallIsErrHostCallWithTheHostsText(t *testing.T) {
	functions := client(t, hostmock.Config{Fail: true, Error: errors.New("callback not found")})
	_, err := functions.Call("lookup", nil)
	if !errors.Is(err, tarmac.ErrHostCall) || err.Error() != "host call failed: callback not found" {
		t.Fatal(err)
	}
}

func TestAnEmptyNameDoesNotReachTheHost(t *testing.T) {
	functions := client(t, hostmock.Config{ExpectedNamespace: "nobody"})
	if _, err := functions.Call("", nil); !errors.Is(err, function.ErrInvalidFunctionName) {
		t.Fatal(err)
	}
}
