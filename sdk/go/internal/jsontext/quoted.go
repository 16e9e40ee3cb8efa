package jsontext

import (
	"unicode/utf16"
	"unicode/utf8"
)

// quotedText splits off the string that b begins with, quotes included.
func quotedText(b []byte) (found, rest []byte, err error) {
	if len(b) == 0 || b[0] != '"' {
		return nil, nil, ErrMalformed
	}
	for i := 1; i < len(b); i++ {
		switch b[i] {
		case '\\':
			i++
		case '"':
			return b[:i+1], b[i+1:], nil
		}
	}
	return nil, nil, ErrMalformed
}

// IsQuoted says whether the text of a value is a string.
func IsQuoted(text []byte) bool { return len(text) > 1 && text[0] == '"' }

// Unquote returns what a string says: a view of the text if there is no escape in it.
func Unquote(text []byte) ([]byte, error) {
	if !IsQuoted(text) || text[len(text)-1] != '"' {
		return nil, ErrMalformed
	}
	inner := text[1 : len(text)-1]
	for i, c := range inner {
		if c == '\\' {
			return unescaped(inner, i)
		}
	}
	return inner, nil
}

// unescaped undoes escapes, the first of which is at index i.
func unescaped(b []byte, i int) ([]byte, error) {
	said := append(make([]byte, 0, len(b)), b[:i]...)
	for b = b[i:]; len(b) > 0; {
		if b[0] != '\\' {
			said, b = append(said, b[0]), b[1:]
			continue
		}
		if len(b) < 2 {
			return nil, ErrMalformed
		}
		if b[1] == 'u' {
			point, rest, err := escapedRune(b)
			if err != nil {
				return nil, err
			}
			said, b = utf8.AppendRune(said, point), rest
			continue
		}
		c, known := plainEscape(b[1])
		if !known {
			return nil, ErrMalformed
		}
		said, b = append(said, c), b[2:]
	}
	return said, nil
}

func plainEscape(c byte) (meant byte, known bool) {
	switch c {
	case '"', '\\', '/':
		return c, true
	case 'b':
		return '\b', true
	case 'f':
		return '\f', true
	case 'n':
		return '\n', true
	case 'r':
		return '\r', true
	case 't':
		return '\t', true
	}
	return 0, false
}

// escapedRune reads \uXXXX, or two of them for a character beyond the basic plane. Half of a pair is U+FFFD.
func escapedRune(b []byte) (point rune, rest []byte, err error) {
	first, rest, err := codeUnit(b)
	if err != nil || !utf16.IsSurrogate(first) {
		return first, rest, err
	}
	if second, afterPair, err := codeUnit(rest); err == nil {
		if pair := utf16.DecodeRune(first, second); pair != utf8.RuneError {
			return pair, afterPair, nil
		}
	}
	return utf8.RuneError, rest, nil
}

func codeUnit(b []byte) (unit rune, rest []byte, err error) {
	if len(b) < 6 || b[0] != '\\' || b[1] != 'u' {
		return 0, nil, ErrMalformed
	}
	for _, c := range b[2:6] {
		switch {
		case c >= '0' && c <= '9':
			unit = unit<<4 | rune(c-'0')
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			unit = unit<<4 | rune(c|0x20-'a'+10)
		default:
			return 0, nil, ErrMalformed
		}
	}
	return unit, b[6:], nil
}
