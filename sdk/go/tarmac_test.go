package tarmac_test

import (
	"errors"
	"testing"

	tarmac "github.com/tarmac-project/tarmac-python/sdk/go"
	"github.com/tarmac-project/tarmac-python/sdk/go/internal/abi"
)

func TestAFunctionWithoutHandlerIsRefused(t *testing.T) {
	if _, err := tarmac.New(tarmac.Config{}); !errors.Is(err, tarmac.ErrHandlerNil) {
		t.Fatal(err)
	}
}

func TestTheNamespaceDefaultsToTarmac(t *testing.T) {
	handler := func([]byte) ([]byte, error) { return nil, nil }
	for given, want := range map[string]string{"": "tarmac", "sessions": "sessions"} {
		sdk, err := tarmac.New(tarmac.Config{Namespace: given, Handler: handler})
		if err != nil || sdk.Config().Namespace != want {
			t.Errorf("%q gives %+v, %v", given, sdk, err)
		}
	}
}

func TestTheHandlerAnswersTheOperationThatTarmacCallsAndNoOther(t *testing.T) {
	if _, err := tarmac.New(tarmac.Config{Handler: func(p []byte) ([]byte, error) {
		if len(p) == 0 {
			return []byte("dropped"), errors.New("nothing sent")
		}
		return append(p, '!'), nil
	}}); err != nil {
		t.Fatal(err)
	}
	if answer, _, ok := abi.Dispatch("handler", []byte("hi")); !ok || string(answer) != "hi!" {
		t.Error(string(answer), ok)
	}
	if answer, text, ok := abi.Dispatch("handler", nil); ok || text != "nothing sent" || answer != nil {
		t.Error(string(answer), text, ok)
	}
	if _, text, ok := abi.Dispatch("other", nil); ok || text != `Could not find function "other"` {
		t.Error(text, ok)
	}
}

func TestOutsideWebAssemblyThereIsNoHost(t *testing.T) {
	var none tarmac.HostCall
	if _, err := none.OrDefault()("tarmac", "kvstore", "get", nil); err == nil {
		t.Fatal("a native program reached a host")
	}
}

func TestAStatusErrorIsBothItsCauseAndTheCallsError(t *testing.T) {
	cause, failed := errors.New("cause"), errors.New("failed")
	err := &tarmac.HostStatusError{Capability: "kvstore", Operation: "get", Code: 500, Status: "full", Cause: cause, HostCallErr: failed}
	if !errors.Is(err, cause) || !errors.Is(err, failed) {
		t.Error(err.Unwrap())
	}
	if err.Error() != "kvstore/get: cause: status 500 full" {
		t.Error(err)
	}
	if bare := (&tarmac.HostStatusError{}); len(bare.Unwrap()) != 0 {
		t.Error(bare.Unwrap())
	}
}
