package httpclient_test

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	tarmac "github.com/tarmac-project/tarmac-python/sdk/go"
	"github.com/tarmac-project/tarmac-python/sdk/go/hostmock"
	"github.com/tarmac-project/tarmac-python/sdk/go/httpclient"
	"github.com/tarmac-project/tarmac-python/sdk/go/internal/reply"
	"github.com/tarmac-project/tarmac-python/sdk/go/internal/wire"
)

const url = "http://example.com/a?b"

func client(t *testing.T, config hostmock.Config, insecure bool) httpclient.Client {
	t.Helper()
	config.ExpectedCapability, config.ExpectedFunction = "httpclient", "call"
	mock, err := hostmock.New(config)
	if err != nil {
		t.Fatal(err)
	}
	web, err := httpclient.New(httpclient.Config{HostCall: mock.HostCall, InsecureSkipVerify: insecure})
	if err != nil {
		t.Fatal(err)
	}
	return web
}

func header(name string, values ...string) []byte {
	var all []byte
	for _, value := range values {
		all = wire.AppendBytes(all, 1, value)
	}
	return wire.AppendBytes(wire.AppendBytes(nil, 1, name), 2, all)
}

func answer(code uint64, body string, headers ...[]byte) func() []byte {
	message := wire.AppendVarint(reply.Status(200, "OK")(), 2, code)
	for _, one := range headers {
		message = wire.AppendBytes(message, 3, one)
	}
	message = wire.AppendBytes(message, 4, body)
	return func() []byte { return message }
}

// expecting is a host that gets exactly this request.
func expecting(t *testing.T, method, contentType, body string) hostmock.Config {
	t.Helper()
	want := wire.AppendBytes(nil, 1, method)
	if contentType != "" {
		want = wire.AppendBytes(want, 2, header("Content-Type", contentType))
	}
	want = wire.AppendBytes(want, 3, url)
	if body != "" {
		want = wire.AppendBytes(want, 4, body)
	}
	return hostmock.Config{Response: answer(200, ""), PayloadValidator: func(got []byte) error {
		if !bytes.Equal(got, want) {
			t.Errorf("%q, want %q", got, want)
		}
		return nil
	}}
}

func TestTheShortFormsSendTheirMethodTypeAndBody(t *testing.T) {
	text := func() io.Reader { return strings.NewReader("body") }
	for _, c := range []struct {
		method, contentType, body string
		send                      func(httpclient.Client) (*httpclient.Response, error)
	}{
		{"GET", "", "", func(c httpclient.Client) (*httpclient.Response, error) { return c.Get(url) }},
		{"DELETE", "", "", func(c httpclient.Client) (*httpclient.Response, error) { return c.Delete(url) }},
		{"POST", "text/plain", "body", func(c httpclient.Client) (*httpclient.Response, error) { return c.Post(url, "text/plain", text()) }},
		{"POST", "", "", func(c httpclient.Client) (*httpclient.Response, error) { return c.Post(url, "", nil) }},
		{"PUT", "a/b", "body", func(c httpclient.Client) (*httpclient.Response, error) { return c.Put(url, "a/b", text()) }},
	} {
		if _, err := c.send(client(t, expecting(t, c.method, c.contentType, c.body), false)); err != nil {
			t.Error(c.method, err)
		}
	}
}

func TestDoSendsEachOfTheNineMethods(t *testing.T) {
	for _, method := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "CONNECT", "OPTIONS", "TRACE"} {
		request, err := httpclient.NewRequest(method, url, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := client(t, expecting(t, method, "", ""), false).Do(request); err != nil {
			t.Error(method, err)
		}
	}
}

func TestTheClientAsksForAnyCertificateOnlyWhenConfigured(t *testing.T) {
	for insecure, end := range map[bool]string{false: url, true: url + "\x28\x01"} {
		config := hostmock.Config{Response: answer(200, ""), PayloadValidator: func(got []byte) error {
			if !bytes.HasSuffix(got, []byte(end)) {
				t.Errorf("%t: %q", insecure, got)
			}
			return nil
		}}
		if _, err := client(t, config, insecure).Get(url); err != nil {
			t.Error(err)
		}
	}
}

func TestWhateverTheServerAnswersIsAResponse(t *testing.T) {
	web := client(t, hostmock.Config{Response: answer(404, "gone", header("x-tea", "a", "b"), header("content-type", "text/html"))}, false)
	response, err := web.Get(url)
	if err != nil || response.StatusCode != 404 || response.Status != "Not Found" || response.Truncated {
		t.Fatal(response, err)
	}
	body, err := io.ReadAll(response.Body)
	if err != nil || string(body) != "gone" || string(response.Bytes()) != "gone" || response.Body.Close() != nil {
		t.Error(string(body), err)
	}
	for _, name := range []string{"Content-Type", "content-type", "CONTENT-TYPE"} {
		if got := response.Header.Get(name); got != "text/html" {
			t.Errorf("%s: %q", name, got)
		}
	}
	if got := response.Header["X-Tea"]; !slices.Equal(got, []string{"a", "b"}) {
		t.Error(got)
	}
}

func TestAResponseWithoutBodyCanBeReadAllTheSame(t *testing.T) {
	message := wire.AppendVarint(reply.Status(200, "OK")(), 2, 299)
	message = wire.AppendVarint(message, 5, 1)
	response, err := client(t, hostmock.Config{Response: func() []byte { return message }}, false).Get(url)
	if err != nil || response.Status != "" || !response.Truncated {
		t.Fatal(response, err)
	}
	if body, err := io.ReadAll(response.Body); err != nil || len(body) != 0 {
		t.Error(body, err)
	}
}

func TestFailuresCarryTheHostsStatus(t *testing.T) {
	for code, want := range map[uint64]error{400: tarmac.ErrHostResponseInvalid, 403: tarmac.ErrHostError, 500: tarmac.ErrHostError} {
		_, err := client(t, hostmock.Config{Response: reply.Status(code, "no"), Fail: true}, false).Get(url)
		var status *tarmac.HostStatusError
		if !errors.Is(err, want) || !errors.As(err, &status) || status.Code != int32(code) || status.Status != "no" {
			t.Error(err)
		}
	}
}

func TestAReplyThatCannotBeReadIsErrUnmarshalResponse(t *testing.T) {
	broken := wire.AppendBytes(reply.Status(200, "OK")(), 3, "\x80")
	for _, message := range [][]byte{[]byte("{}"), broken} {
		_, err := client(t, hostmock.Config{Response: func() []byte { return message }}, false).Get(url)
		if !errors.Is(err, httpclient.ErrUnmarshalResponse) || !errors.Is(err, tarmac.ErrHostResponseInvalid) {
			t.Error(err)
		}
	}
}

func TestUnusableRequestsDoNotReachTheHost(t *testing.T) {
	web := client(t, hostmock.Config{ExpectedNamespace: "nobody"}, false)
	for _, bad := range []string{"", "a", "/a", "http://", "http:///a", "://a", "http://:80/", "http://user@/", "a/b://c", "http:a"} {
		if _, err := web.Get(bad); !errors.Is(err, httpclient.ErrInvalidURL) {
			t.Errorf("%q: %v", bad, err)
		}
		if _, err := httpclient.NewRequest("GET", bad, nil); !errors.Is(err, httpclient.ErrInvalidURL) {
			t.Errorf("%q: %v", bad, err)
		}
	}
	for _, method := range []string{"get", "FETCH", "GET "} {
		if _, err := httpclient.NewRequest(method, url, nil); !errors.Is(err, httpclient.ErrInvalidMethod) {
			t.Errorf("%q: %v", method, err)
		}
	}
	if _, err := web.Do(nil); !errors.Is(err, httpclient.ErrNilRequest) {
		t.Error(err)
	}
}

type body struct {
	err    error
	closed bool
}

func (b *body) Read([]byte) (int, error) { return 0, b.err }
func (b *body) Close() error             { b.closed = true; return nil }

func TestTheBodyIsClosedAlsoOfARequestThatIsNotSent(t *testing.T) {
	web := client(t, hostmock.Config{ExpectedNamespace: "nobody"}, false)
	torn := errors.New("torn")
	for _, c := range []struct {
		url  string
		want error
	}{{url, httpclient.ErrReadBody}, {"", httpclient.ErrInvalidURL}} {
		given := &body{err: torn}
		_, err := web.Do(&httpclient.Request{Method: "POST", URL: c.url, Body: given})
		if !errors.Is(err, c.want) || !given.closed {
			t.Error(err, given.closed)
		}
	}
	if _, err := web.Post(url, "", &body{err: torn}); !errors.Is(err, torn) {
		t.Error(err)
	}
}
