// Package tarmac is the entry of a function: it registers the handler that the host calls with each payload.
//
//	func main() {
//		if _, err := tarmac.New(tarmac.Config{Handler: handle}); err != nil {
//			panic(err)
//		}
//	}
//
// The sibling packages reach the host's capabilities: kv, sql, httpclient, metrics, logging, function, exchange. Build with the
// standard compiler:
//
//	GOOS=wasip1 GOARCH=wasm go build -buildmode=c-shared -o function.wasm .
//
// TinyGo 0.34 or later takes the same source: tinygo build -target wasip1 -buildmode=c-shared -o function.wasm .
package tarmac

import (
	"errors"

	"github.com/tarmac-project/tarmac-python/sdk/go/internal/abi"
)

// DefaultNamespace is the binding of host calls when the configuration names none: the function's default stores.
const DefaultNamespace = "tarmac"

// ErrHandlerNil is returned by New without a handler.
var ErrHandlerNil = errors.New("function handler cannot be nil")

// Handler answers one call. What it returns as an error becomes the text of the host's error; the bytes are then dropped.
type Handler func(payload []byte) ([]byte, error)

// HostCall is one call of the host: binding, capability, operation, payload. On failure it may return both bytes (the
// encoded reply with its status) and an error (the host's text).
type HostCall func(namespace, capability, operation string, payload []byte) ([]byte, error)

// RuntimeConfig is what the clients of all capabilities share.
type RuntimeConfig struct {
	// Namespace selects the store of a host call; empty is DefaultNamespace.
	Namespace string
}

// Config describes a function.
type Config struct {
	// Namespace is handed on to clients by SDK.Config; empty is DefaultNamespace.
	Namespace string
	// Handler is called with each payload; required.
	Handler Handler
}

// SDK is a registered function.
type SDK struct {
	runtime RuntimeConfig
}

// New registers the handler. Call it in main; the last registration wins.
func New(config Config) (*SDK, error) {
	if config.Handler == nil {
		return nil, ErrHandlerNil
	}
	abi.Register(config.Handler)
	return &SDK{runtime: RuntimeConfig{Namespace: config.Namespace}.WithDefaults()}, nil
}

// Config returns what the clients of capabilities need.
func (s *SDK) Config() RuntimeConfig { return s.runtime }

// WithDefaults returns the configuration with empty fields filled.
func (c RuntimeConfig) WithDefaults() RuntimeConfig {
	if c.Namespace == "" {
		c.Namespace = DefaultNamespace
	}
	return c
}

// OrDefault returns the call itself, or the real host's when it is nil.
func (c HostCall) OrDefault() HostCall {
	if c == nil {
		return abi.HostCall
	}
	return c
}
