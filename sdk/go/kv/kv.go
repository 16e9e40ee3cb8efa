// Package kv stores bytes under keys in the host's key-value store.
package kv

import (
	"errors"

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
)

// Client is what functions use of a store. Failures of the host are *tarmac.HostStatusError or tarmac.ErrHostCall.
type Client interface {
	// Get returns the value, which may be empty, or ErrKeyNotFound.
	Get(key string) ([]byte, error)
	// Set stores the value and replaces any older one.
	Set(key string, value []byte) error
	// Delete removes the key; one that does not exist is no error.
	Delete(key string) error
	// Keys returns all keys, in no order.
	Keys() ([]string, error)
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
		Causes:     map[int32]error{400: tarmac.ErrHostResponseInvalid, 404: ErrKeyNotFound},
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

func (c *client) Set(key string, value []byte) error {
	if key == "" {
		return ErrInvalidKey
	}
	if value == nil {
		return ErrInvalidValue
	}
	request := make([]byte, 0, len(key)+len(value)+16)
	request = wire.AppendBytes(wire.AppendBytes(request, 1, key), 2, value)
	return c.target.Do("set", request, call.Ignore)
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

func (c *client) Keys() ([]string, error) {
	keys := []string{}
	// return_proto asks for an answer in this format.
	err := c.target.Do("keys", wire.AppendVarint(nil, 1, 1), func(f wire.Field) error {
		if f.IsBytes(2) {
			keys = append(keys, string(f.Bytes))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return keys, nil
}
