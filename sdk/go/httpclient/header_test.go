package httpclient_test

import (
	"slices"
	"testing"

	"github.com/tarmac-project/tarmac-python/sdk/go/httpclient"
)

func TestNamesAreEqualInAnyCaseAlsoInAHandMadeHeader(t *testing.T) {
	header := httpclient.Header{"x-tea": {"a"}, "Accept": {"b"}}
	if header.Get("X-TEA") != "a" || header.Get("accept") != "b" || header.Get("x-coffee") != "" {
		t.Error(header)
	}
	header.Add("X-Tea", "c")
	if !slices.Equal(header.Values("x-tea"), []string{"a", "c"}) || len(header) != 2 {
		t.Error(header)
	}
	header.Set("ACCEPT", "d")
	if !slices.Equal(header["Accept"], []string{"d"}) || len(header) != 2 {
		t.Error(header)
	}
	header.Del("x-TEA")
	if len(header) != 1 {
		t.Error(header)
	}
}

func TestReadingANilHeaderFindsNothing(t *testing.T) {
	var header httpclient.Header
	if header.Get("a") != "" || header.Values("a") != nil {
		t.Error(header)
	}
}
