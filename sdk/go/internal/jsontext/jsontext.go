// Package jsontext walks over JSON text without building values of it; encoding/json would cost each function 1.4 MB.
package jsontext

import "errors"

// ErrMalformed is returned for text that is no JSON.
var ErrMalformed = errors.New("malformed JSON")

const maxDepth = 1000

// Array calls fn with the text of each element. `null` has none.
func Array(text []byte, fn func(element []byte) error) error {
	return whole(text, '[', ']', func(b []byte) ([]byte, error) {
		element, rest, err := value(b, maxDepth)
		if err != nil {
			return nil, err
		}
		return rest, fn(element)
	})
}

// Object calls fn with the name of each member, unquoted, and the text of its value. `null` has none.
func Object(text []byte, fn func(name, value []byte) error) error {
	return whole(text, '{', '}', func(b []byte) ([]byte, error) {
		quoted, b, err := quotedText(b)
		if err != nil {
			return nil, err
		}
		name, err := Unquote(quoted)
		if err != nil {
			return nil, err
		}
		if b = space(b); len(b) == 0 || b[0] != ':' {
			return nil, ErrMalformed
		}
		found, rest, err := value(space(b[1:]), maxDepth)
		if err != nil {
			return nil, err
		}
		return rest, fn(name, found)
	})
}

// whole reads a text that is one list of items between two brackets, or null.
func whole(text []byte, open, end byte, item func([]byte) ([]byte, error)) error {
	text = space(text)
	if string(trimmed(text)) == "null" {
		return nil
	}
	rest, err := items(text, open, end, item)
	if err == nil && len(space(rest)) != 0 {
		err = ErrMalformed
	}
	return err
}

// items reads what stands between two brackets; item reads one and returns what follows it.
func items(b []byte, open, end byte, item func([]byte) ([]byte, error)) ([]byte, error) {
	if len(b) == 0 || b[0] != open {
		return nil, ErrMalformed
	}
	if b = space(b[1:]); len(b) > 0 && b[0] == end {
		return b[1:], nil
	}
	for {
		rest, err := item(b)
		if err != nil {
			return nil, err
		}
		rest = space(rest)
		switch {
		case len(rest) > 0 && rest[0] == end:
			return rest[1:], nil
		case len(rest) > 0 && rest[0] == ',':
			b = space(rest[1:])
		default:
			return nil, ErrMalformed
		}
	}
}

// value splits off the text of the value that b begins with.
func value(b []byte, depth int) (found, rest []byte, err error) {
	if len(b) == 0 || depth == 0 {
		return nil, nil, ErrMalformed
	}
	switch b[0] {
	case '"':
		return quotedText(b)
	case '[':
		rest, err = items(b, '[', ']', func(b []byte) ([]byte, error) { return after(b, depth-1) })
	case '{':
		rest, err = items(b, '{', '}', func(b []byte) ([]byte, error) {
			_, b, err := quotedText(b)
			if b = space(b); err != nil || len(b) == 0 || b[0] != ':' {
				return nil, ErrMalformed
			}
			return after(space(b[1:]), depth-1)
		})
	default:
		rest, err = afterWord(b)
	}
	if err != nil {
		return nil, nil, err
	}
	return b[:len(b)-len(rest)], rest, nil
}

func after(b []byte, depth int) ([]byte, error) {
	_, rest, err := value(b, depth)
	return rest, err
}

// afterWord passes over a number, true, false or null. Whether a number is one is seen when it is read as one.
func afterWord(b []byte) ([]byte, error) {
	n := 0
	for n < len(b) && (b[n] >= '0' && b[n] <= '9' || b[n] >= 'a' && b[n] <= 'z' || b[n] == 'E' || b[n] == '.' || b[n] == '-' || b[n] == '+') {
		n++
	}
	word := b[:n]
	if n == 0 || b[0] >= 'a' && string(word) != "true" && string(word) != "false" && string(word) != "null" {
		return nil, ErrMalformed
	}
	return b[n:], nil
}

func space(b []byte) []byte {
	for len(b) > 0 && (b[0] == ' ' || b[0] == '\t' || b[0] == '\n' || b[0] == '\r') {
		b = b[1:]
	}
	return b
}

func trimmed(b []byte) []byte {
	for len(b) > 0 && len(space(b[len(b)-1:])) == 0 {
		b = b[:len(b)-1]
	}
	return b
}
