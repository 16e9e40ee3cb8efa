// Package kv stores bytes under keys in the host's key-value store.
package kv

import (
	"errors"
	"iter"

	tarmac "github.com/tarmac-project/tarmac-python/sdk/go"
	"github.com/tarmac-project/tarmac-python/sdk/go/internal/call"
	"github.com/tarmac-project/tarmac-python/sdk/go/internal/wire"
)

var (
	// ErrInvalidKey is returned for an empty key.
	ErrInvalidKey = errors.New("key is invalid")
	// ErrInvalidValue is returned for a nil value; an empty one that is not nil is stored.
	ErrInvalidValue = errors.New("value is invalid")
	// ErrKeyNotFound is returned by Get for a key that is not in the store.
	ErrKeyNotFound = errors.New("key not found in store")
	// ErrInvalidTTL is returned for a lifetime of no or less time.
	ErrInvalidTTL = errors.New("time to live is invalid")
	// ErrNotSupported means that this store cannot do it, such as CompareAndSwap.
	ErrNotSupported = errors.New("not supported by this store")
)

// Client is what functions use of a store. Failures of the host are *tarmac.HostStatusError or tarmac.ErrHostCall.
type Client interface {
	// Get returns the value, which may be empty, or ErrKeyNotFound.
	Get(key string) ([]byte, error)
	// Set stores the value and replaces any older one, its lifetime included.
	Set(key string, value []byte, options ...Option) error
	// CompareAndSwap stores the new value only if the key holds the old one now, and says whether it did. A nil old value
	// means that the key must not exist; a nil new one deletes the key.
	CompareAndSwap(key string, old, new []byte, options ...Option) (swapped bool, err error)
	// Delete removes the key; one that does not exist is no error.
	Delete(key string) error
	// Keys returns all keys, in no order.
	Keys() ([]string, error)
	// Scan goes through the keys that begin with prefix, in no order, page by page. The loop ends after an error. Keys that
	// come or go meanwhile may be missed, or met twice.
	Scan(prefix string) iter.Seq2[string, error]
	// Page returns some of the keys that begin with prefix, and the cursor of the next page. The first cursor is empty.
	Page(prefix, cursor string, limit int) (Page, error)
	// Close does nothing now: the host owns the connections.
	Close() error
	// Config returns the configuration in use.
	Config() Config
}

// Config describes a client.
type Config struct {
	// SDKConfig comes from tarmac.SDK.Config; its Namespace selects a named store.
	SDKConfig tarmac.RuntimeConfig
	// HostCall replaces the host in tests.
	HostCall tarmac.HostCall
}

type client struct {
	config Config
	target call.Target
}

// New makes a client. It returns no error now.
func New(config Config) (Client, error) {
	config.SDKConfig = config.SDKConfig.WithDefaults()
	config.HostCall = config.HostCall.OrDefault()
	return &client{config: config, target: call.Target{
		Namespace:  config.SDKConfig.Namespace,
		Capability: "kvstore",
		Host:       config.HostCall,
		Causes:     map[int32]error{400: tarmac.ErrHostResponseInvalid, 404: ErrKeyNotFound, 501: ErrNotSupported},
	}}, nil
}

func (c *client) Config() Config { return c.config }

func (c *client) Close() error { return nil }

func (c *client) Get(key string) ([]byte, error) {
	if key == "" {
		return nil, ErrInvalidKey
	}
	value := []byte{}
	err := c.target.Do("get", wire.AppendBytes(nil, 1, key), func(f wire.Field) error {
		if f.IsBytes(2) {
			value = f.Bytes
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return value, nil
}

func (c *client) Set(key string, value []byte, options ...Option) error {
	if key == "" {
		return ErrInvalidKey
	}
	if value == nil {
		return ErrInvalidValue
	}
	ttl, err := ttlMs(options)
	if err != nil {
		return err
	}
	request := make([]byte, 0, len(key)+len(value)+32)
	request = wire.AppendBytes(wire.AppendBytes(request, 1, key), 2, value)
	return c.target.Do("set", wire.AppendVarint(request, 3, ttl), call.Ignore)
}

func (c *client) CompareAndSwap(key string, old, new []byte, options ...Option) (bool, error) {
	if key == "" {
		return false, ErrInvalidKey
	}
	ttl, err := ttlMs(options)
	if err != nil {
		return false, err
	}
	request := wire.AppendBytes(make([]byte, 0, len(key)+len(old)+len(new)+32), 1, key)
	if old != nil {
		request = wire.AppendBytes(request, 2, old)
	}
	if new != nil {
		request = wire.AppendBytes(request, 3, new)
	}
	swapped := false
	err = c.target.Do("cas", wire.AppendVarint(request, 4, ttl), func(f wire.Field) error {
		if f.IsVarint(2) {
			swapped = f.Number != 0
		}
		return nil
	})
	return swapped && err == nil, err
}

func (c *client) Delete(key string) error {
	if key == "" {
		return ErrInvalidKey
	}
	err := c.target.Do("delete", wire.AppendBytes(nil, 1, key), call.Ignore)
	if errors.Is(err, ErrKeyNotFound) {
		return nil
	}
	return err
}
