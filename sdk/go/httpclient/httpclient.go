// Package httpclient sends HTTP requests through the host, which decides where a function may reach.
package httpclient

import (
	"bytes"
	"errors"
	"io"

	tarmac "github.com/tarmac-project/tarmac-python/sdk/go"
	"github.com/tarmac-project/tarmac-python/sdk/go/internal/call"
	"github.com/tarmac-project/tarmac-python/sdk/go/internal/fault"
	"github.com/tarmac-project/tarmac-python/sdk/go/internal/wire"
)

var (
	// ErrInvalidURL is returned for a URL without scheme and host.
	ErrInvalidURL = errors.New("invalid URL provided")
	// ErrInvalidMethod is returned for a method that is none of the nine of HTTP.
	ErrInvalidMethod = errors.New("invalid HTTP method")
	// ErrReadBody is returned when the request's body cannot be read.
	ErrReadBody = errors.New("failed to read request body")
	// ErrNilRequest is returned by Do without a request.
	ErrNilRequest = errors.New("request is nil")
	// ErrUnmarshalResponse is returned for a reply of the host that cannot be read.
	ErrUnmarshalResponse = errors.New("failed to unmarshal response")
)

// Client sends requests. Whatever a server answers is a Response; without an answer the error is a *tarmac.HostStatusError
// or tarmac.ErrHostCall. Time limits are the host's: httpclient_timeout_s and the function's own.
type Client interface {
	Get(url string) (*Response, error)
	// Post sends a body; an empty content type sets no header, a nil body sends none.
	Post(url, contentType string, body io.Reader) (*Response, error)
	// Put sends a body as Post does.
	Put(url, contentType string, body io.Reader) (*Response, error)
	Delete(url string) (*Response, error)
	// Do sends any request and closes its body.
	Do(request *Request) (*Response, error)
}

// Config describes a client.
type Config struct {
	// SDKConfig comes from tarmac.SDK.Config.
	SDKConfig tarmac.RuntimeConfig
	// InsecureSkipVerify accepts any certificate, if the host lets the function.
	InsecureSkipVerify bool
	// HostCall replaces the host in tests.
	HostCall tarmac.HostCall
}

type client struct {
	target   call.Target
	insecure bool
}

// New makes a client. It returns no error now.
func New(config Config) (Client, error) {
	return &client{insecure: config.InsecureSkipVerify, target: call.Target{
		Namespace:  config.SDKConfig.WithDefaults().Namespace,
		Capability: "httpclient",
		Host:       config.HostCall.OrDefault(),
		Causes:     map[int32]error{400: tarmac.ErrHostResponseInvalid},
	}}, nil
}

func (c *client) Get(url string) (*Response, error) { return c.send("GET", url, "", nil) }

func (c *client) Post(url, contentType string, body io.Reader) (*Response, error) {
	return c.send("POST", url, contentType, body)
}

func (c *client) Put(url, contentType string, body io.Reader) (*Response, error) {
	return c.send("PUT", url, contentType, body)
}

func (c *client) Delete(url string) (*Response, error) { return c.send("DELETE", url, "", nil) }

func (c *client) send(method, url, contentType string, body io.Reader) (*Response, error) {
	request, err := NewRequest(method, url, body)
	if err != nil {
		return nil, err
	}
	if contentType != "" {
		request.Header.Set("Content-Type", contentType)
	}
	return c.Do(request)
}

func (c *client) Do(request *Request) (*Response, error) {
	message, err := request.encode(c.insecure)
	if err != nil {
		return nil, err
	}
	response := &Response{Header: Header{}}
	if err = c.target.Do("call", message, response.read); err != nil {
		if errors.Is(err, wire.ErrMalformed) {
			err = fault.Wrap(ErrUnmarshalResponse, err)
		}
		return nil, err
	}
	response.Status = statusText(response.StatusCode)
	response.Body = io.NopCloser(bytes.NewReader(response.content))
	return response, nil
}
