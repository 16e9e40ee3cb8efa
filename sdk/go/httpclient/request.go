package httpclient

import (
	"errors"
	"io"
	"strings"

	"github.com/tarmac-project/tarmac-python/sdk/go/internal/fault"
	"github.com/tarmac-project/tarmac-python/sdk/go/internal/headers"
	"github.com/tarmac-project/tarmac-python/sdk/go/internal/wire"
)

// Request is what Do sends.
type Request struct {
	// Method is one of the nine that NewRequest takes; empty is GET.
	Method string
	// URL is absolute: http or https.
	URL string
	// Header may be nil.
	Header Header
	// Body is read to its end and closed; nil sends none.
	Body io.ReadCloser
}

// NewRequest makes a request for Do. The method is GET, HEAD, POST, PUT, PATCH, DELETE, CONNECT, OPTIONS or TRACE.
func NewRequest(method, url string, body io.Reader) (*Request, error) {
	request := &Request{Method: method, URL: url, Header: Header{}}
	if err := request.check(); err != nil {
		return nil, err
	}
	if body != nil {
		closer, closes := body.(io.ReadCloser)
		if !closes {
			closer = io.NopCloser(body)
		}
		request.Body = closer
	}
	return request, nil
}

func (r *Request) check() error {
	switch r.Method {
	case "", "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "CONNECT", "OPTIONS", "TRACE":
	default:
		return ErrInvalidMethod
	}
	if !hasHost(r.URL) {
		return ErrInvalidURL
	}
	return nil
}

// hasHost says whether a URL has a scheme and a host. All else about it is the host's to judge, which connects it.
func hasHost(url string) bool {
	scheme, rest, found := strings.Cut(url, "://")
	if !found || scheme == "" || strings.ContainsAny(scheme, "/?#") {
		return false
	}
	if end := strings.IndexAny(rest, "/?#"); end >= 0 {
		rest = rest[:end]
	}
	host := rest[strings.LastIndexByte(rest, '@')+1:]
	return host != "" && host[0] != ':'
}

// encode writes HTTPClient: method = 1, headers = 2, url = 3, body = 4, insecure = 5. The body is closed in any case.
func (r *Request) encode(insecure bool) ([]byte, error) {
	if r == nil {
		return nil, ErrNilRequest
	}
	problem := r.check()
	body, err := r.takeBody(problem == nil)
	if problem != nil {
		return nil, problem
	}
	if err != nil {
		return nil, fault.Wrap(ErrReadBody, err)
	}
	message := make([]byte, 0, len(body)+len(r.URL)+256)
	message = wire.AppendBytes(message, 1, r.Method)
	message = headers.Append(message, 2, r.Header)
	message = wire.AppendBytes(message, 3, r.URL)
	if len(body) > 0 {
		message = wire.AppendBytes(message, 4, body)
	}
	if insecure {
		message = wire.AppendVarint(message, 5, 1)
	}
	return message, nil
}

// takeBody closes the body after reading it, if it is wanted.
func (r *Request) takeBody(wanted bool) (body []byte, err error) {
	if r.Body == nil {
		return nil, nil
	}
	if wanted {
		body, err = io.ReadAll(r.Body)
	}
	return body, errors.Join(err, r.Body.Close())
}
