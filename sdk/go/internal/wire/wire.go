// Package wire reads and writes the part of the protobuf encoding that Tarmac's messages use.
package wire

import (
	"errors"
	"math"
)

// ErrMalformed is returned for bytes that are no protobuf message.
var ErrMalformed = errors.New("malformed protobuf message")

const (
	typeVarint     = 0
	typeFixed64    = 1
	typeBytes      = 2
	typeStartGroup = 3
	typeEndGroup   = 4
	typeFixed32    = 5

	maxFieldID    = 1<<29 - 1
	maxGroupDepth = 100
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
	return AppendSetVarint(b, field, v)
}

// AppendSetVarint appends a varint field, also zero: members of a oneof are present even then.
func AppendSetVarint(b []byte, field int, v uint64) []byte {
	return AppendUvarint(AppendUvarint(b, uint64(field)<<3|typeVarint), v)
}

// AppendDouble appends a field of type double; zero is written too.
func AppendDouble(b []byte, field int, v float64) []byte {
	b = AppendUvarint(b, uint64(field)<<3|typeFixed64)
	for bits, i := math.Float64bits(v), 0; i < 8; i++ {
		b = append(b, byte(bits>>(8*i)))
	}
	return b
}

// AppendBytes appends a field of bytes; an empty one is written too.
func AppendBytes[T ~string | ~[]byte](b []byte, field int, v T) []byte {
	b = AppendUvarint(b, uint64(field)<<3|typeBytes)
	return append(AppendUvarint(b, uint64(len(v))), v...)
}

// Field is one field of a message: Number for varints, Bytes for strings, bytes and messages. Other kinds are skipped.
type Field struct {
	ID     int
	Number uint64
	Bytes  []byte
	kind   uint64
}

// IsVarint says whether this is field id with a number. One of another wire type is as good as unknown.
func (f Field) IsVarint(id int) bool { return f.ID == id && f.kind == typeVarint }

// IsBytes says whether this is field id with bytes.
func (f Field) IsBytes(id int) bool { return f.ID == id && f.kind == typeBytes }

// Each calls fn for each varint and bytes field in order. Bytes are views of b.
func Each(b []byte, fn func(Field) error) error {
	for len(b) > 0 {
		field, rest, err := next(b, maxGroupDepth)
		if err != nil {
			return err
		}
		b = rest
		if field.kind != typeVarint && field.kind != typeBytes {
			continue
		}
		if err := fn(field); err != nil {
			return err
		}
	}
	return nil
}

// next reads one field. The end of a group is a field too; only skipGroup takes it.
func next(b []byte, depth int) (field Field, rest []byte, err error) {
	tag, b, err := uvarint(b)
	if err != nil || tag>>3 == 0 || tag>>3 > maxFieldID {
		return field, nil, ErrMalformed
	}
	field.ID, field.kind = int(tag>>3), tag&7
	switch field.kind {
	case typeVarint:
		field.Number, rest, err = uvarint(b)
	case typeBytes:
		field.Bytes, rest, err = sized(b)
	case typeFixed64:
		rest, err = skip(b, 8)
	case typeFixed32:
		rest, err = skip(b, 4)
	case typeStartGroup:
		rest, err = skipGroup(b, field.ID, depth-1)
	default:
		err = ErrMalformed
	}
	return field, rest, err
}

// skipGroup reads up to the end of group id, which no message of Tarmac has: a newer host might send it.
func skipGroup(b []byte, id, depth int) ([]byte, error) {
	for depth > 0 {
		tag, afterTag, err := uvarint(b)
		if err != nil {
			return nil, err
		}
		if tag == uint64(id)<<3|typeEndGroup {
			return afterTag, nil
		}
		if _, b, err = next(b, depth); err != nil {
			return nil, err
		}
	}
	return nil, ErrMalformed
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
