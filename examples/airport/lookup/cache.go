package main

import (
	"errors"
	"time"

	"github.com/tarmac-project/tarmac-python/sdk/go/kv"
)

const (
	// cachePrefix is what the manifest's grant allows.
	cachePrefix = "airport/"
	// cacheLifetime is how long an answer may be older than the database.
	cacheLifetime = time.Minute
)

// cached is the answer that the cache has, or nil. A cache that fails makes answers slower, not wrong.
func cached(code string) []byte {
	body, err := cache.Get(cachePrefix + code)
	if err == nil {
		return body
	}
	if !errors.Is(err, kv.ErrKeyNotFound) {
		log.Warn("the cache cannot be read: " + err.Error())
	}
	return nil
}

func keep(code string, body []byte) {
	if err := cache.Set(cachePrefix+code, body, kv.TTL(cacheLifetime)); err != nil {
		log.Warn("the cache cannot be written: " + err.Error())
	}
}
