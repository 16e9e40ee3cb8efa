package kv

import (
	"iter"
	"math"

	"github.com/tarmac-project/tarmac-python/sdk/go/internal/wire"
)

// pageLimit is how many keys Scan asks for at once: few calls, and a function's memory holds any store.
const pageLimit = 1000

// Page is some of a store's keys.
type Page struct {
	Keys []string
	// Cursor asks for the next page; empty after the last. It may be kept and used by another call of the function.
	Cursor string
}

func (c *client) Keys() ([]string, error) {
	page, err := c.Page("", "", 0)
	return page.Keys, err
}

func (c *client) Page(prefix, cursor string, limit int) (Page, error) {
	// return_proto asks for an answer in this format.
	request := wire.AppendVarint(nil, 1, 1)
	if prefix != "" {
		request = wire.AppendBytes(request, 2, prefix)
	}
	if cursor != "" {
		request = wire.AppendBytes(request, 3, cursor)
	}
	page := Page{Keys: []string{}}
	err := c.target.Do("keys", wire.AppendVarint(request, 4, uint64(min(max(limit, 0), math.MaxInt32))), func(f wire.Field) error {
		switch {
		case f.IsBytes(2):
			page.Keys = append(page.Keys, string(f.Bytes))
		case f.IsBytes(3):
			page.Cursor = string(f.Bytes)
		}
		return nil
	})
	if err != nil {
		return Page{}, err
	}
	return page, nil
}

func (c *client) Scan(prefix string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for cursor := ""; ; {
			page, err := c.Page(prefix, cursor, pageLimit)
			if err != nil {
				yield("", err)
				return
			}
			for _, key := range page.Keys {
				if !yield(key, nil) {
					return
				}
			}
			if cursor = page.Cursor; cursor == "" {
				return
			}
		}
	}
}
