// Package function calls other functions of the same host.
package function

import (
	"errors"

	tarmac "github.com/tarmac-project/tarmac-python/sdk/go"
	"github.com/tarmac-project/tarmac-python/sdk/go/internal/fault"
)

// ErrInvalidFunctionName is returned for an empty name.
var ErrInvalidFunctionName = errors.New("function name is invalid")

// Client calls functions that the host has a `function` route for.
type Client interface {
	// Call returns what the function answers. Its failure is tarmac.ErrHostCall joined with the host's text.
	Call(name string, input []byte) ([]byte, error)
}

// Config describes a client.
type Config struct {
	// SDKConfig comes from tarmac.SDK.Config.
	SDKConfig tarmac.RuntimeConfig
	// HostCall replaces the host in tests.
	HostCall tarmac.HostCall
}

type client struct {
	namespace string
	host      tarmac.HostCall
}

// New makes a client. It returns no error now.
func New(config Config) (Client, error) {
	return &client{namespace: config.SDKConfig.WithDefaults().Namespace, host: config.HostCall.OrDefault()}, nil
}

func (c *client) Call(name string, input []byte) ([]byte, error) {
	if name == "" {
		return nil, ErrInvalidFunctionName
	}
	answer, err := c.host(c.namespace, "function", name, input)
	if err != nil {
		return nil, fault.Wrap(tarmac.ErrHostCall, err)
	}
	return answer, nil
}
