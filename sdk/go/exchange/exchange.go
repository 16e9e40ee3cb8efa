// Package exchange gives a function the HTTP request that it answers, beyond its body, and sets what goes out beside the
// answer's body. Only the function that a route names has an exchange; others get ErrNoExchange.
package exchange

import (
	"errors"

	tarmac "github.com/tarmac-project/tarmac-python/sdk/go"
	"github.com/tarmac-project/tarmac-python/sdk/go/internal/call"
	"github.com/tarmac-project/tarmac-python/sdk/go/internal/headers"
	"github.com/tarmac-project/tarmac-python/sdk/go/internal/wire"
)

// ErrNoExchange is returned where the call answers no HTTP request: in callees, init functions and schedules.
var ErrNoExchange = errors.New("this call answers no HTTP request")

// Pair is one parameter of a query.
type Pair struct {
	Name, Value string
}

// Request is an HTTP request without its body, which is the handler's payload.
type Request struct {
	Method string
	// Path is decoded and has no query.
	Path string
	// Route is the pattern that matched, such as /users/:id.
	Route string
	// Parameters are the values of the pattern's parts, by name.
	Parameters map[string]string
	// Query keeps order and repeats.
	Query []Pair
	// Headers are by lower-case name.
	Headers       map[string][]string
	RemoteAddress string
	// TLSSubject is of the verified client certificate; empty without one.
	TLSSubject string
}

// Response is what goes out beside the body.
type Response struct {
	// Code is the HTTP status; 0 leaves it as it is.
	Code int
	// Headers replace those of the same name.
	Headers map[string][]string
}

// Client reads the request and shapes the response of this call.
type Client interface {
	// Get returns the request.
	Get() (*Request, error)
	// Set shapes the response; nothing of it is sent if the handler then fails.
	Set(Response) error
}

// Config describes a client.
type Config struct {
	// SDKConfig comes from tarmac.SDK.Config.
	SDKConfig tarmac.RuntimeConfig
	// HostCall replaces the host in tests.
	HostCall tarmac.HostCall
}

type client struct {
	target call.Target
}

// New makes a client. It returns no error now.
func New(config Config) (Client, error) {
	return &client{target: call.Target{
		Namespace:  config.SDKConfig.WithDefaults().Namespace,
		Capability: "http",
		Host:       config.HostCall.OrDefault(),
		Causes:     map[int32]error{400: tarmac.ErrHostResponseInvalid, 404: ErrNoExchange},
	}}, nil
}

func (c *client) Get() (*Request, error) {
	request := &Request{Parameters: map[string]string{}, Headers: map[string][]string{}}
	if err := c.target.Do("request/get", nil, request.read); err != nil {
		return nil, err
	}
	return request, nil
}

func (c *client) Set(response Response) error {
	message := wire.AppendVarint(nil, 1, uint64(int64(response.Code)))
	return c.target.Do("response/set", headers.Append(message, 2, response.Headers), call.Ignore)
}

func (r *Request) read(f wire.Field) error {
	switch {
	case f.IsBytes(2):
		r.Method = string(f.Bytes)
	case f.IsBytes(3):
		r.Path = string(f.Bytes)
	case f.IsBytes(4):
		r.Route = string(f.Bytes)
	case f.IsBytes(5):
		name, value, err := headers.Entry(f.Bytes)
		r.Parameters[name] = string(value)
		return err
	case f.IsBytes(6):
		name, value, err := headers.Entry(f.Bytes)
		r.Query = append(r.Query, Pair{Name: name, Value: string(value)})
		return err
	case f.IsBytes(7):
		name, values, err := headers.Read(f.Bytes)
		r.Headers[name] = values
		return err
	case f.IsBytes(8):
		r.RemoteAddress = string(f.Bytes)
	case f.IsBytes(9):
		r.TLSSubject = string(f.Bytes)
	}
	return nil
}
