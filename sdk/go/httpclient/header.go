package httpclient

import "strings"

// Header holds the values of each name. Names are equal in any case; those of responses are written Content-Type.
type Header map[string][]string

// Get returns the first value of a name, or "".
func (h Header) Get(name string) string {
	if values := h.Values(name); len(values) > 0 {
		return values[0]
	}
	return ""
}

// Values returns all values of a name, in order.
func (h Header) Values(name string) []string {
	if values, found := h[canonical(name)]; found {
		return values
	}
	for other, values := range h {
		if strings.EqualFold(other, name) {
			return values
		}
	}
	return nil
}

// Set replaces the values of a name by one.
func (h Header) Set(name, value string) {
	h.Del(name)
	h[canonical(name)] = []string{value}
}

// Add puts one more value after those that a name has.
func (h Header) Add(name, value string) {
	values := h.Values(name)
	h.Del(name)
	h[canonical(name)] = append(values[:len(values):len(values)], value)
}

// Del removes a name.
func (h Header) Del(name string) {
	for other := range h {
		if strings.EqualFold(other, name) {
			delete(h, other)
		}
	}
}

// canonical writes x-request-id as X-Request-Id.
func canonical(name string) string {
	written := []byte(name)
	begins := true
	for i, c := range written {
		switch {
		case begins && c >= 'a' && c <= 'z':
			written[i] = c - 'a' + 'A'
		case !begins && c >= 'A' && c <= 'Z':
			written[i] = c - 'A' + 'a'
		}
		begins = c == '-'
	}
	return string(written)
}
