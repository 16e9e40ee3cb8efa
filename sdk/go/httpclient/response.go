package httpclient

import (
	"io"

	"github.com/tarmac-project/tarmac-python/sdk/go/internal/headers"
	"github.com/tarmac-project/tarmac-python/sdk/go/internal/wire"
)

// Response is what a server answered.
type Response struct {
	// Status is the code's text, such as Not Found; empty for codes without one.
	Status     string
	StatusCode int
	Header     Header
	// Body is never nil, and need not be closed. Bytes has the same at once.
	Body io.ReadCloser
	// Truncated says that the body was longer than the host's limit (httpclient_max_response_bytes), and ends there.
	Truncated bool

	content []byte
}

// Bytes returns the whole body, whatever has been read from Body.
func (r *Response) Bytes() []byte { return r.content }

// read reads HTTPClientResponse.
func (r *Response) read(f wire.Field) error {
	switch {
	case f.IsVarint(2):
		r.StatusCode = int(int32(f.Number))
	case f.IsBytes(3):
		name, values, err := headers.Read(f.Bytes)
		r.Header[canonical(name)] = values
		return err
	case f.IsBytes(4):
		r.content = f.Bytes
	case f.IsVarint(5):
		r.Truncated = f.Number != 0
	}
	return nil
}
