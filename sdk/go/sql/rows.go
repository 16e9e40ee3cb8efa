package sql

import (
	"strconv"

	"github.com/tarmac-project/tarmac-python/sdk/go/internal/fault"
	"github.com/tarmac-project/tarmac-python/sdk/go/internal/jsontext"
)

// Row is one row of a result. Its values are views of the result's Data.
type Row struct {
	// places says where in values the columns of a name are. All rows of a result share it.
	places map[string][]int
	values []Value
}

// Rows reads Data. Columns of the same name all have the value of the last.
func (r QueryResult) Rows() ([]Row, error) {
	places := make(map[string][]int, len(r.Columns))
	for i, name := range r.Columns {
		places[name] = append(places[name], i)
	}
	rows := []Row{}
	if len(r.Data) == 0 {
		return rows, nil
	}
	err := jsontext.Array(r.Data, func(element []byte) error {
		row := Row{places: places, values: make([]Value, len(r.Columns))}
		rows = append(rows, row)
		return jsontext.Object(element, func(name, text []byte) error {
			for _, place := range places[string(name)] {
				row.values[place] = Value{text: text}
			}
			return nil
		})
	})
	if err != nil {
		return nil, fault.Wrap(ErrUnmarshalResponse, err)
	}
	return rows, nil
}

// Value returns what the row has in a column. One that the result does not have gives errors when it is read.
func (r Row) Value(column string) Value {
	places := r.places[column]
	if len(places) == 0 {
		return Value{problem: "no column " + strconv.Quote(column)}
	}
	return r.values[places[0]]
}

// Scan reads the row into targets, one a column in the order of Columns: *string, *int, *int64, *float64, *bool, *[]byte or
// *Value. NULL sets a target to zero; use a *Value to tell them apart. Columns without a target are passed over.
func (r Row) Scan(targets ...any) error {
	if len(targets) > len(r.values) {
		return &misread{"Scan has " + strconv.Itoa(len(targets)) + " targets for " + strconv.Itoa(len(r.values)) + " columns"}
	}
	for i, target := range targets {
		if problem := r.values[i].scan(target); problem != "" {
			return &misread{"column " + strconv.Itoa(i+1) + ": " + problem}
		}
	}
	return nil
}

// misread is an ErrUnmarshalResponse that says what is wrong.
type misread struct{ problem string }

func (m *misread) Error() string { return ErrUnmarshalResponse.Error() + ": " + m.problem }

func (m *misread) Unwrap() error { return ErrUnmarshalResponse }
