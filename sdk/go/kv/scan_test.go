package kv_test

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	tarmac "github.com/tarmac-project/tarmac-python/sdk/go"
	"github.com/tarmac-project/tarmac-python/sdk/go/hostmock"
	"github.com/tarmac-project/tarmac-python/sdk/go/internal/reply"
	"github.com/tarmac-project/tarmac-python/sdk/go/internal/wire"
	"github.com/tarmac-project/tarmac-python/sdk/go/kv"
)

func TestPageSendsPrefixCursorAndLimit(t *testing.T) {
	message := wire.AppendBytes(reply.Status(200, "OK", "a\xff", "ab")(), 3, "next\x00")
	store := client(t, hostmock.Config{
		ExpectedFunction: "keys", Response: func() []byte { return message },
		PayloadValidator: payload(t, []byte{0x08, 1, 0x12, 1, 'a', 0x1a, 2, 'c', 0xff, 0x20, 2}),
	})
	page, err := store.Page("a", "c\xff", 2)
	if err != nil || !slices.Equal(page.Keys, []string{"a\xff", "ab"}) || page.Cursor != "next\x00" {
		t.Fatal(page, err)
	}
}

func TestALimitBelowZeroIsNoLimit(t *testing.T) {
	store := client(t, hostmock.Config{PayloadValidator: payload(t, []byte{0x08, 1}), Response: reply.Status(200, "OK")})
	if page, err := store.Page("", "", -1); err != nil || page.Keys == nil || len(page.Keys) != 0 || page.Cursor != "" {
		t.Fatal(page, err)
	}
}

// pages answers with one page after the other, whatever the cursor; each but the last has one.
func pages(t *testing.T, replies ...func() []byte) (kv.Client, *int) {
	t.Helper()
	asked := 0
	store, err := kv.New(kv.Config{HostCall: func(_, _, _ string, payload []byte) ([]byte, error) {
		if wanted := []byte{0x1a, 1, 'c'}; bytes.Contains(payload, wanted) != (asked > 0) {
			t.Errorf("call %d: % x", asked, payload)
		}
		asked++
		message := replies[asked-1]()
		if asked < len(replies) {
			message = wire.AppendBytes(message, 3, "c")
		}
		return message, nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	return store, &asked
}

func TestScanGoesThroughAllPagesAlsoEmptyOnes(t *testing.T) {
	store, asked := pages(t, reply.Status(200, "OK", "a", "b"), reply.Status(200, "OK"), reply.Status(200, "OK", "c"))
	var keys []string
	for key, err := range store.Scan("") {
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, key)
	}
	if !slices.Equal(keys, []string{"a", "b", "c"}) || *asked != 3 {
		t.Error(keys, *asked)
	}
}

func TestScanStopsWhereTheLoopDoes(t *testing.T) {
	store, asked := pages(t, reply.Status(200, "OK", "a", "b"), reply.Status(200, "OK", "c"))
	for range store.Scan("") {
		break
	}
	if *asked != 1 {
		t.Error(*asked)
	}
}

func TestScanEndsWithTheError(t *testing.T) {
	store, _ := pages(t, reply.Status(200, "OK", "a"), reply.Status(500, "gone"))
	var keys []string
	var errs []error
	for key, err := range store.Scan("") {
		keys, errs = append(keys, key), append(errs, err)
	}
	if !slices.Equal(keys, []string{"a", ""}) || errs[0] != nil || !errors.Is(errs[1], tarmac.ErrHostError) {
		t.Error(keys, errs)
	}
}
