package sql

import (
	"encoding/base64"
	"strconv"

	"github.com/tarmac-project/tarmac-python/sdk/go/internal/jsontext"
)

// Value is one value of a row. NULL reads as the zero of each type.
type Value struct {
	// text is JSON; nil is NULL.
	text    []byte
	problem string
}

// IsNull says whether the value is NULL.
func (v Value) IsNull() bool { return v.problem == "" && (v.text == nil || string(v.text) == "null") }

// JSON returns the value as it stands in the result.
func (v Value) JSON() []byte {
	if v.text == nil {
		return []byte("null")
	}
	return v.text
}

// Text returns a string as it is, and any other value as JSON writes it: 12.50, true, ["a"].
func (v Value) Text() (string, error) { return read(v, toText) }

// Int returns a whole number, also one that is written as text.
func (v Value) Int() (int64, error) { return read(v, toInt) }

// Float returns a number, also one that is written as text, such as NaN and the decimals of most servers.
func (v Value) Float() (float64, error) { return read(v, toFloat) }

// Bool returns true or false, also where the server has 1 and 0 for them.
func (v Value) Bool() (bool, error) { return read(v, toBool) }

// Bytes returns what a column of bytes holds, which the result has as base64; nil for NULL.
func (v Value) Bytes() ([]byte, error) { return read(v, toBytes) }

// reading makes a value of what a string says, or of the text of anything else; what it cannot be is told in problem.
type reading[T any] func(said []byte, isString bool) (value T, problem string)

func read[T any](v Value, to reading[T]) (value T, err error) {
	if problem := readInto(&value, v, to); problem != "" {
		return value, &misread{problem}
	}
	return value, nil
}

// readInto sets a target, to zero for NULL and for what it cannot be.
func readInto[T any](target *T, v Value, to reading[T]) (problem string) {
	var zero T
	*target = zero
	if v.problem != "" || v.IsNull() {
		return v.problem
	}
	said, isString := v.text, jsontext.IsQuoted(v.text)
	if isString {
		var err error
		if said, err = jsontext.Unquote(v.text); err != nil {
			return err.Error()
		}
	}
	value, kind := to(said, isString)
	if kind != "" {
		return v.shown() + " is no " + kind
	}
	*target = value
	return ""
}

const maxShown = 40

func (v Value) shown() string {
	if len(v.text) > maxShown {
		return string(v.text[:maxShown]) + "..."
	}
	return string(v.text)
}

func toText(said []byte, _ bool) (string, string) { return string(said), "" }

func toInt(said []byte, _ bool) (int64, string) {
	number, err := strconv.ParseInt(string(said), 10, 64)
	if err != nil {
		return 0, "whole number of 64 bits"
	}
	return number, ""
}

func toSmallInt(said []byte, isString bool) (int, string) {
	number, kind := toInt(said, isString)
	if kind == "" && int64(int(number)) != number {
		return 0, "int of this machine"
	}
	return int(number), kind
}

func toFloat(said []byte, _ bool) (float64, string) {
	number, err := strconv.ParseFloat(string(said), 64)
	if err != nil {
		return 0, "number"
	}
	return number, ""
}

func toBool(said []byte, _ bool) (bool, string) {
	truth, err := strconv.ParseBool(string(said))
	if err != nil {
		return false, "truth value"
	}
	return truth, ""
}

func toBytes(said []byte, isString bool) ([]byte, string) {
	held := make([]byte, base64.StdEncoding.DecodedLen(len(said)))
	n, err := base64.StdEncoding.Decode(held, said)
	if err != nil || !isString {
		return nil, "base64 text"
	}
	return held[:n], ""
}

func (v Value) scan(target any) (problem string) {
	switch t := target.(type) {
	case *string:
		return readInto(t, v, toText)
	case *int64:
		return readInto(t, v, toInt)
	case *int:
		return readInto(t, v, toSmallInt)
	case *float64:
		return readInto(t, v, toFloat)
	case *bool:
		return readInto(t, v, toBool)
	case *[]byte:
		return readInto(t, v, toBytes)
	case *Value:
		*t = v
		return ""
	}
	return "the target is none of *string, *int, *int64, *float64, *bool, *[]byte, *sql.Value"
}
