// Package headers reads and writes the maps of Tarmac's messages: map<string, Header>, where Header has its values in field 1.
package headers

import "github.com/tarmac-project/tarmac-python/sdk/go/internal/wire"

// Append writes one field for each name.
func Append(b []byte, field int, all map[string][]string) []byte {
	for name, values := range all {
		var header []byte
		for _, value := range values {
			header = wire.AppendBytes(header, 1, value)
		}
		b = wire.AppendBytes(b, field, wire.AppendBytes(wire.AppendBytes(nil, 1, name), 2, header))
	}
	return b
}

// Read reads the field of one name.
func Read(message []byte) (name string, values []string, err error) {
	name, header, err := Entry(message)
	if err != nil {
		return "", nil, err
	}
	values = []string{}
	err = wire.Each(header, func(f wire.Field) error {
		if f.IsBytes(1) {
			values = append(values, string(f.Bytes))
		}
		return nil
	})
	return name, values, err
}

// Entry reads a message whose field 1 is a name and whose field 2 is its value, as every map has them.
func Entry(message []byte) (name string, value []byte, err error) {
	err = wire.Each(message, func(f wire.Field) error {
		switch {
		case f.IsBytes(1):
			name = string(f.Bytes)
		case f.IsBytes(2):
			value = f.Bytes
		}
		return nil
	})
	return name, value, err
}
