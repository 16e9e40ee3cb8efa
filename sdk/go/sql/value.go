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
func (v Value) Text() (string, error) {
	said, err := v.said()
	return string(said), err
}

// Int returns a whole number, also one that is written as text.
func (v Value) Int() (int64, error) {
	text, err := v.Text()
	if err != nil || v.IsNull() {
		return 0, err
	}
	number, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, v.isNo("whole number of 64 bits")
	}
	return number, nil
}

// Float returns a number, also one that is written as text, such as NaN and the decimals of most servers.
func (v Value) Float() (float64, error) {
	text, err := v.Text()
	if err != nil || v.IsNull() {
		return 0, err
	}
	number, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return 0, v.isNo("number")
	}
	return number, nil
}

// Bool returns true or false, also where the server has 1 and 0 for them.
func (v Value) Bool() (bool, error) {
	text, err := v.Text()
	if err != nil || v.IsNull() {
		return false, err
	}
	truth, err := strconv.ParseBool(text)
	if err != nil {
		return false, v.isNo("truth value")
	}
	return truth, nil
}

// Bytes returns what a column of bytes holds, which the result has as base64; nil for NULL.
func (v Value) Bytes() ([]byte, error) {
	said, err := v.said()
	if err != nil || v.IsNull() {
		return nil, err
	}
	held := make([]byte, base64.StdEncoding.DecodedLen(len(said)))
	n, err := base64.StdEncoding.Decode(held, said)
	if err != nil || !jsontext.IsQuoted(v.text) {
		return nil, v.isNo("base64 text")
	}
	return held[:n], nil
}

func (v Value) said() ([]byte, error) {
	if v.problem != "" {
		return nil, unreadable(v.problem)
	}
	if v.IsNull() {
		return nil, nil
	}
	if !jsontext.IsQuoted(v.text) {
		return v.text, nil
	}
	said, err := jsontext.Unquote(v.text)
	if err != nil {
		return nil, unreadable(err.Error())
	}
	return said, nil
}

const maxShown = 40

func (v Value) isNo(kind string) error {
	shown := string(v.text)
	if len(shown) > maxShown {
		shown = shown[:maxShown] + "..."
	}
	return unreadable(shown + " is no " + kind)
}

func (v Value) scan(target any) (err error) {
	switch t := target.(type) {
	case *string:
		*t, err = v.Text()
	case *int64:
		*t, err = v.Int()
	case *int:
		var number int64
		number, err = v.Int()
		if *t = int(number); int64(*t) != number {
			err = v.isNo("whole number of this machine's size")
		}
	case *float64:
		*t, err = v.Float()
	case *bool:
		*t, err = v.Bool()
	case *[]byte:
		*t, err = v.Bytes()
	case *Value:
		*t = v
	default:
		err = unreadable("the target is none of *string, *int, *int64, *float64, *bool, *[]byte, *sql.Value")
	}
	return err
}
