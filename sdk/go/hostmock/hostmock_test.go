package hostmock_test

import (
	"errors"
	"testing"

	"github.com/tarmac-project/tarmac-python/sdk/go/hostmock"
)

func call(t *testing.T, config hostmock.Config) ([]byte, error) {
	t.Helper()
	mock, err := hostmock.New(config)
	if err != nil {
		t.Fatal(err)
	}
	return mock.HostCall("tarmac", "kvstore", "get", []byte("payload"))
}

func TestAMockWithoutExpectationsAcceptsEverything(t *testing.T) {
	if answer, err := call(t, hostmock.Config{}); answer != nil || err != nil {
		t.Fatal(answer, err)
	}
}

func TestEachUnmetExpectationHasItsOwnErrorAndNamesBothSides(t *testing.T) {
	for text, c := range map[string]struct {
		config hostmock.Config
		want   error
	}{
		"unexpected namespace: expected x, got tarmac":   {hostmock.Config{ExpectedNamespace: "x"}, hostmock.ErrUnexpectedNamespace},
		"unexpected capability: expected x, got kvstore": {hostmock.Config{ExpectedCapability: "x"}, hostmock.ErrUnexpectedCapability},
		"unexpected function: expected x, got get":       {hostmock.Config{ExpectedFunction: "x"}, hostmock.ErrUnexpectedFunction},
	} {
		if _, err := call(t, c.config); !errors.Is(err, c.want) || err.Error() != text {
			t.Errorf("want %q, got %v", text, err)
		}
	}
}

func TestChecksComeInOrderAndBeforeAFailure(t *testing.T) {
	bad := errors.New("bad payload")
	config := hostmock.Config{
		ExpectedNamespace: "x", ExpectedCapability: "x", ExpectedFunction: "x",
		PayloadValidator: func([]byte) error { return bad }, Fail: true, Response: func() []byte { return []byte("reply") },
	}
	mock, _ := hostmock.New(config)
	for _, want := range []error{
		hostmock.ErrUnexpectedNamespace, hostmock.ErrUnexpectedCapability, hostmock.ErrUnexpectedFunction, bad,
	} {
		answer, err := mock.HostCall("tarmac", "kvstore", "get", nil)
		if answer != nil || !errors.Is(err, want) {
			t.Fatalf("%q, %v, want %v", answer, err, want)
		}
		switch want {
		case hostmock.ErrUnexpectedNamespace:
			mock.ExpectedNamespace = "tarmac"
		case hostmock.ErrUnexpectedCapability:
			mock.ExpectedCapability = ""
		case hostmock.ErrUnexpectedFunction:
			mock.ExpectedFunction = "get"
		}
	}
	mock.PayloadValidator = nil
	if answer, err := mock.HostCall("tarmac", "kvstore", "get", nil); string(answer) != "reply" || err == nil {
		t.Fatal(answer, err)
	}
	mock.Fail = false
	if answer, err := mock.HostCall("tarmac", "kvstore", "get", nil); string(answer) != "reply" || err != nil {
		t.Fatal(answer, err)
	}
}

func TestThePayloadValidatorsErrorIsTheCalls(t *testing.T) {
	bad := errors.New("bad payload")
	validator := func(payload []byte) error {
		if string(payload) != "payload" {
			t.Errorf("payload %q", payload)
		}
		return bad
	}
	if _, err := call(t, hostmock.Config{PayloadValidator: validator}); !errors.Is(err, bad) {
		t.Fatal(err)
	}
}

func TestAFailingMockReturnsResponseAndError(t *testing.T) {
	response := func() []byte { return []byte("reply") }
	answer, err := call(t, hostmock.Config{Fail: true, Response: response})
	if string(answer) != "reply" || !errors.Is(err, hostmock.ErrOperationFailed) {
		t.Fatal(answer, err)
	}
	own := errors.New("own")
	if _, err := call(t, hostmock.Config{Fail: true, Error: own}); !errors.Is(err, own) {
		t.Fatal(err)
	}
}
