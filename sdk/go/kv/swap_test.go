package kv_test

import (
	"errors"
	"testing"
	"time"

	tarmac "github.com/tarmac-project/tarmac-python/sdk/go"
	"github.com/tarmac-project/tarmac-python/sdk/go/hostmock"
	"github.com/tarmac-project/tarmac-python/sdk/go/internal/reply"
	"github.com/tarmac-project/tarmac-python/sdk/go/internal/wire"
	"github.com/tarmac-project/tarmac-python/sdk/go/kv"
)

func swapped(code uint64, done uint64) func() []byte {
	message := wire.AppendVarint(reply.Status(code, "")(), 2, done)
	return func() []byte { return message }
}

func TestALifetimeIsSentInMillisecondsRoundedUp(t *testing.T) {
	for lifetime, ms := range map[time.Duration][]byte{
		time.Minute: {0x18, 0xe0, 0xd4, 3}, time.Nanosecond: {0x18, 1}, 1500 * time.Microsecond: {0x18, 2},
	} {
		store := client(t, hostmock.Config{
			ExpectedFunction: "set", Response: reply.Status(200, "OK"),
			PayloadValidator: payload(t, append([]byte{0x0a, 1, 'k', 0x12, 1, 'v'}, ms...)),
		})
		if err := store.Set("k", []byte("v"), kv.TTL(lifetime)); err != nil {
			t.Error(err)
		}
	}
}

func TestNoLifetimeAtAllDoesNotReachTheHost(t *testing.T) {
	store := client(t, hostmock.Config{ExpectedNamespace: "nobody"})
	for _, lifetime := range []time.Duration{0, -time.Second} {
		set := store.Set("k", []byte("v"), kv.TTL(lifetime))
		_, swap := store.CompareAndSwap("k", nil, []byte("v"), kv.TTL(lifetime))
		if !errors.Is(set, kv.ErrInvalidTTL) || !errors.Is(swap, kv.ErrInvalidTTL) {
			t.Error(set, swap)
		}
	}
}

func TestCompareAndSwapSendsWhatIsNotNil(t *testing.T) {
	for name, c := range map[string]struct {
		old, new []byte
		want     []byte
	}{
		"create":  {nil, []byte("b"), []byte{0x0a, 1, 'k', 0x1a, 1, 'b'}},
		"replace": {[]byte("a"), []byte("b"), []byte{0x0a, 1, 'k', 0x12, 1, 'a', 0x1a, 1, 'b'}},
		"delete":  {[]byte("a"), nil, []byte{0x0a, 1, 'k', 0x12, 1, 'a'}},
		"empty":   {[]byte{}, []byte{}, []byte{0x0a, 1, 'k', 0x12, 0, 0x1a, 0}},
	} {
		for code, want := range map[uint64]bool{0: false, 1: true} {
			store := client(t, hostmock.Config{
				ExpectedFunction: "cas", PayloadValidator: payload(t, c.want), Response: swapped(200, code),
			})
			if done, err := store.CompareAndSwap("k", c.old, c.new); err != nil || done != want {
				t.Error(name, done, err)
			}
		}
	}
}

func TestCompareAndSwapSendsALifetime(t *testing.T) {
	store := client(t, hostmock.Config{
		PayloadValidator: payload(t, []byte{0x0a, 1, 'k', 0x1a, 0, 0x20, 5}), Response: swapped(200, 1),
	})
	if done, err := store.CompareAndSwap("k", nil, []byte{}, kv.TTL(5*time.Millisecond)); err != nil || !done {
		t.Error(done, err)
	}
}

func TestAFailedSwapIsNoSwap(t *testing.T) {
	store := client(t, hostmock.Config{Response: swapped(501, 1), Fail: true})
	done, err := store.CompareAndSwap("k", nil, []byte("v"))
	var status *tarmac.HostStatusError
	if done || !errors.Is(err, kv.ErrNotSupported) || !errors.As(err, &status) || status.Code != 501 {
		t.Error(done, err)
	}
	if _, err := store.CompareAndSwap("", nil, nil); !errors.Is(err, kv.ErrInvalidKey) {
		t.Error(err)
	}
}
