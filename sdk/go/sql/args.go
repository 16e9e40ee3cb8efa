package sql

import (
	"errors"
	"math"
	"strconv"

	"github.com/tarmac-project/tarmac-python/sdk/go/internal/fault"
	"github.com/tarmac-project/tarmac-python/sdk/go/internal/wire"
)

// request writes SQLExec or SQLQuery, which have the same fields: query = 1, args = 2.
func request(query string, args []any) ([]byte, error) {
	message := wire.AppendBytes(make([]byte, 0, len(query)+16*len(args)+8), 1, query)
	var value []byte
	for i, arg := range args {
		var problem string
		if value, problem = appendValue(value[:0], arg); problem != "" {
			return nil, fault.Wrap(ErrMarshalRequest, errors.New("argument "+strconv.Itoa(i+1)+" "+problem))
		}
		message = wire.AppendBytes(message, 2, value)
	}
	return message, nil
}

// appendValue writes the message Value, which is empty for NULL. The problem says what is wrong with the argument.
func appendValue(b []byte, arg any) (value []byte, problem string) {
	switch v := arg.(type) {
	case nil:
		return b, ""
	case bool:
		if v {
			return wire.AppendSetVarint(b, 1, 1), ""
		}
		return wire.AppendSetVarint(b, 1, 0), ""
	case float64:
		return wire.AppendDouble(b, 3, v), ""
	case float32:
		return wire.AppendDouble(b, 3, float64(v)), ""
	case string:
		return wire.AppendBytes(b, 4, v), ""
	case []byte:
		if v == nil {
			return b, ""
		}
		return wire.AppendBytes(b, 5, v), ""
	}
	return appendInteger(b, arg)
}

func appendInteger(b []byte, arg any) (value []byte, problem string) {
	var number int64
	switch v := arg.(type) {
	case int:
		number = int64(v)
	case int8:
		number = int64(v)
	case int16:
		number = int64(v)
	case int32:
		number = int64(v)
	case int64:
		number = v
	case uint8:
		number = int64(v)
	case uint16:
		number = int64(v)
	case uint32:
		number = int64(v)
	case uint:
		return appendUnsigned(b, uint64(v))
	case uint64:
		return appendUnsigned(b, v)
	default:
		return nil, "has a type without a form in SQL: give nil, bool, an integer, a float, string or []byte"
	}
	return wire.AppendSetVarint(b, 2, uint64(number)), ""
}

func appendUnsigned(b []byte, v uint64) (value []byte, problem string) {
	if v > math.MaxInt64 {
		return nil, "is more than 9223372036854775807: give it as text"
	}
	return wire.AppendSetVarint(b, 2, v), ""
}
