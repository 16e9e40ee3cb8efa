// Package wire reads and writes the part of the protobuf encoding that Tarmac's messages use.
package wire

import "errors"

// ErrMalformed is returned for bytes that are no protobuf message.
var ErrMalformed = errors.New("malformed protobuf message")

const (
	typeVarint  = 0
	typeFixed64 = 1
	typeBytes   = 2
	typeFixed32 = 5
)

// AppendUvarint appends a bare varint.
func AppendUvarint(b []byte, v uint64) []byte {
	for v >= 0x80 {
		b = append(b, byte(v)|0x80)
		v >>= 7
	}
	return append(b, byte(v))
}

// AppendVarint appends a varint field; zero is left out.
func AppendVarint(b []byte, field int, v uint64) []byte {
	if v == 0 {
		return b
	}
	return AppendUvarint(AppendUvarint(b, uint64(field)<<3|typeVarint), v)
}

// AppendBytes appends a field of bytes; an empty one is written too.
func AppendBytes[T ~string | ~[]byte](b []byte, field int, v T) []byte {
	b = AppendUvarint(b, uint64(field)<<3|typeBytes)
	return append(AppendUvarint(b, uint64(len(v))), v...)
}

// Field is one field of a message: Number for varints, Bytes for strings, bytes and messages. Other kinds are skipped.
type Field struct {
	ID     int
	IsText bool
	Number uint64
	Bytes  []byte
}

// Each calls fn for each varint and bytes field in order. Bytes are views of b.
func Each(b []byte, fn func(Field) error) error {
	for len(b) > 0 {
		tag, rest, err := uvarint(b)
		if err != nil {
			return err
		}
		if tag>>3 == 0 || tag>>3 > 1<<29-1 {
			return ErrMalformed
		}
		field := Field{ID: int(tag >> 3)}
		known := true
		switch tag & 7 {
		case typeVarint:
			field.Number, b, err = uvarint(rest)
		case typeBytes:
			field.IsText = true
			field.Bytes, b, err = sized(rest)
		case typeFixed64:
			known = false
			b, err = skip(rest, 8)
		case typeFixed32:
			known = false
			b, err = skip(rest, 4)
		default:
			err = ErrMalformed
		}
		if err == nil && known {
			err = fn(field)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func uvarint(b []byte) (value uint64, rest []byte, err error) {
	for i, c := range b {
		if i == 10 || i == 9 && c > 1 {
			break
		}
		value |= uint64(c&0x7f) << (7 * i)
		if c < 0x80 {
			return value, b[i+1:], nil
		}
	}
	return 0, nil, ErrMalformed
}

func sized(b []byte) (value, rest []byte, err error) {
	n, b, err := uvarint(b)
	if err != nil || n > uint64(len(b)) {
		return nil, nil, ErrMalformed
	}
	return b[:n], b[n:], nil
}

func skip(b []byte, n int) ([]byte, error) {
	if len(b) < n {
		return nil, ErrMalformed
	}
	return b[n:], nil
}
