package kv_test

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	tarmac "github.com/tarmac-project/tarmac-python/sdk/go"
	"github.com/tarmac-project/tarmac-python/sdk/go/hostmock"
	"github.com/tarmac-project/tarmac-python/sdk/go/internal/reply"
	"github.com/tarmac-project/tarmac-python/sdk/go/kv"
)

func client(t *testing.T, config hostmock.Config) kv.Client {
	t.Helper()
	config.ExpectedCapability = "kvstore"
	mock, err := hostmock.New(config)
	if err != nil {
		t.Fatal(err)
	}
	store, err := kv.New(kv.Config{HostCall: mock.HostCall})
	if err != nil {
		t.Fatal(err)
	}
	return store
}

func payload(t *testing.T, want []byte) func([]byte) error {
	return func(got []byte) error {
		if !bytes.Equal(got, want) {
			t.Errorf("payload % x, want % x", got, want)
		}
		return nil
	}
}

func TestGetSendsTheKeyAndReturnsTheData(t *testing.T) {
	store := client(t, hostmock.Config{
		ExpectedNamespace: "tarmac", ExpectedFunction: "get",
		PayloadValidator: payload(t, []byte{0x0a, 1, 'k'}), Response: reply.Status(200, "OK", "value"),
	})
	if value, err := store.Get("k"); err != nil || string(value) != "value" {
		t.Fatal(string(value), err)
	}
}

func TestGetOfAnEmptyValueIsEmptyAndNotNil(t *testing.T) {
	store := client(t, hostmock.Config{Response: reply.Status(200, "OK")})
	if value, err := store.Get("k"); err != nil || value == nil || len(value) != 0 {
		t.Fatal(value, err)
	}
}

func TestAMissingKeyIsErrKeyNotFoundWithTheHostsStatus(t *testing.T) {
	store := client(t, hostmock.Config{Response: reply.Status(404, "gone"), Fail: true})
	_, err := store.Get("k")
	var status *tarmac.HostStatusError
	if !errors.Is(err, kv.ErrKeyNotFound) || !errors.As(err, &status) || status.Code != 404 || status.Status != "gone" {
		t.Fatal(err)
	}
	if !errors.Is(err, hostmock.ErrOperationFailed) {
		t.Error("the call's own error is lost")
	}
}

func TestStatusesMeanWhatTheirCodesSay(t *testing.T) {
	for code, want := range map[uint64]error{
		400: tarmac.ErrHostResponseInvalid, 403: tarmac.ErrHostError, 404: kv.ErrKeyNotFound, 500: tarmac.ErrHostError,
		501: kv.ErrNotSupported,
	} {
		for _, fails := range []bool{true, false} {
			store := client(t, hostmock.Config{Response: reply.Status(code, "no"), Fail: fails})
			if err := store.Set("k", []byte("v")); !errors.Is(err, want) {
				t.Errorf("%d gives %v", code, err)
			}
		}
	}
}

func TestAFailureWithoutReplyIsErrHostCall(t *testing.T) {
	store := client(t, hostmock.Config{Fail: true, Error: errors.New("callback not found")})
	_, err := store.Get("k")
	if !errors.Is(err, tarmac.ErrHostCall) || err.Error() != "host call failed: callback not found" {
		t.Fatal(err)
	}
}

func TestAReplyThatIsNoMessageIsErrHostResponseInvalid(t *testing.T) {
	for _, garbage := range []string{"", "{}", "\x0a\x05", "\x0a\x01\xff", "\x0a\x00", "\x12\x01v"} {
		store := client(t, hostmock.Config{Response: func() []byte { return []byte(garbage) }})
		if _, err := store.Get("k"); !errors.Is(err, tarmac.ErrHostResponseInvalid) {
			t.Errorf("%q gives %v", garbage, err)
		}
	}
}

func TestAFailedCallWithAReplyThatIsNoMessageIsBothErrors(t *testing.T) {
	store := client(t, hostmock.Config{Response: func() []byte { return []byte("{}") }, Fail: true})
	_, err := store.Get("k")
	for _, want := range []error{tarmac.ErrHostResponseInvalid, tarmac.ErrHostCall, hostmock.ErrOperationFailed} {
		if !errors.Is(err, want) {
			t.Errorf("%v is not %v", err, want)
		}
	}
}

func TestSetSendsKeyAndValueAlsoAnEmptyOne(t *testing.T) {
	for value, want := range map[string][]byte{"v": {0x0a, 1, 'k', 0x12, 1, 'v'}, "": {0x0a, 1, 'k', 0x12, 0}} {
		store := client(t, hostmock.Config{
			ExpectedFunction: "set", PayloadValidator: payload(t, want), Response: reply.Status(200, "OK"),
		})
		if err := store.Set("k", []byte(value)); err != nil {
			t.Error(err)
		}
	}
}

func TestWhatCannotBeStoredDoesNotReachTheHost(t *testing.T) {
	store := client(t, hostmock.Config{ExpectedNamespace: "nobody"})
	if err := store.Set("k", nil); !errors.Is(err, kv.ErrInvalidValue) {
		t.Error(err)
	}
	_, get := store.Get("")
	for _, err := range []error{get, store.Set("", []byte("v")), store.Delete("")} {
		if !errors.Is(err, kv.ErrInvalidKey) {
			t.Error(err)
		}
	}
}

func TestDeletingAMissingKeyIsNoError(t *testing.T) {
	for code, fails := range map[uint64]bool{200: false, 404: true} {
		store := client(t, hostmock.Config{ExpectedFunction: "delete", Response: reply.Status(code, ""), Fail: fails})
		if err := store.Delete("k"); err != nil {
			t.Error(err)
		}
	}
	store := client(t, hostmock.Config{Response: reply.Status(500, ""), Fail: true})
	if err := store.Delete("k"); !errors.Is(err, tarmac.ErrHostError) {
		t.Error(err)
	}
}

func TestKeysAsksForProtobufAndReturnsAll(t *testing.T) {
	store := client(t, hostmock.Config{
		ExpectedFunction: "keys", PayloadValidator: payload(t, []byte{0x08, 1}), Response: reply.Status(200, "OK", "a", "b"),
	})
	if keys, err := store.Keys(); err != nil || !slices.Equal(keys, []string{"a", "b"}) {
		t.Fatal(keys, err)
	}
}

func TestANamespaceSelectsTheBinding(t *testing.T) {
	mock, _ := hostmock.New(hostmock.Config{ExpectedNamespace: "sessions", Response: reply.Status(200, "OK")})
	store, err := kv.New(kv.Config{SDKConfig: tarmac.RuntimeConfig{Namespace: "sessions"}, HostCall: mock.HostCall})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := store.Get("k"); err != nil || store.Config().SDKConfig.Namespace != "sessions" {
		t.Fatal(err)
	}
}
