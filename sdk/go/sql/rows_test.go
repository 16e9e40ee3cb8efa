package sql_test

import (
	"bytes"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/tarmac-project/tarmac-python/sdk/go/sql"
)

func rows(t *testing.T, data string, columns ...string) []sql.Row {
	t.Helper()
	all, err := sql.QueryResult{Columns: columns, Data: []byte(data)}.Rows()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestScanReadsColumnsInTheServersOrderWhateverThatOfTheMembers(t *testing.T) {
	data := `[{"id":7,"name":"Zürich \u003c\"","rate":1.5,"open":true,"raw":"AP8="},{"name":"b","id":8,"raw":"","rate":-2,"open":0}]`
	all := rows(t, data, "name", "id", "rate", "open", "raw")
	var name string
	var id int64
	var rate float64
	var open bool
	var raw []byte
	if err := all[0].Scan(&name, &id, &rate, &open, &raw); err != nil {
		t.Fatal(err)
	}
	if name != `Zürich <"` || id != 7 || rate != 1.5 || !open || !bytes.Equal(raw, []byte{0, 0xff}) {
		t.Error(name, id, rate, open, raw)
	}
	if err := all[1].Scan(&name, &id, &rate, &open, &raw); err != nil {
		t.Fatal(err)
	}
	if name != "b" || id != 8 || rate != -2 || open || raw == nil || len(raw) != 0 {
		t.Error(name, id, rate, open, raw)
	}
}

func TestNullIsZeroAndCanBeToldApart(t *testing.T) {
	row := rows(t, `[{"a":null}]`, "a", "b")[0]
	text, number, raw, truth, rate := "x", 1, []byte("x"), true, 1.0
	for _, target := range []any{&text, &number, &raw, &truth, &rate} {
		if err := row.Scan(target); err != nil {
			t.Error(err)
		}
	}
	if text != "" || number != 0 || raw != nil || truth || rate != 0 {
		t.Error(text, number, raw, truth, rate)
	}
	var value sql.Value
	if err := row.Scan(&value); err != nil || !value.IsNull() || string(value.JSON()) != "null" {
		t.Error(value, err)
	}
	if !row.Value("b").IsNull() || row.Value("c").IsNull() {
		t.Error("a column that the row lacks is NULL, one that the result lacks is an error")
	}
}

func TestValuesAreReadAsTextWhateverTheyAre(t *testing.T) {
	row := rows(t, `[{"a":12.50,"b":false,"c":[1, "x"],"d":"é\n"}]`, "a", "b", "c", "d")[0]
	for column, want := range map[string]string{"a": "12.50", "b": "false", "c": `[1, "x"]`, "d": "é\n"} {
		if got, err := row.Value(column).Text(); err != nil || got != want {
			t.Errorf("%s: %q, %v", column, got, err)
		}
	}
}

func TestNumbersWrittenAsTextAreNumbers(t *testing.T) {
	row := rows(t, `[{"a":"9223372036854775807","b":"12.50","c":"-Infinity","d":"NaN"}]`, "a", "b", "c", "d")[0]
	if got, err := row.Value("a").Int(); err != nil || got != math.MaxInt64 {
		t.Error(got, err)
	}
	for column, want := range map[string]float64{"b": 12.5, "c": math.Inf(-1)} {
		if got, err := row.Value(column).Float(); err != nil || got != want {
			t.Error(column, got, err)
		}
	}
	if got, err := row.Value("d").Float(); err != nil || !math.IsNaN(got) {
		t.Error(got, err)
	}
}

func TestWhatAValueIsNotIsAnErrorThatShowsIt(t *testing.T) {
	row := rows(t, `[{"a":"x","b":1.5,"c":9223372036854775808,"d":1234}]`, "a", "b", "c", "d")[0]
	_, float := row.Value("a").Float()
	_, whole := row.Value("b").Int()
	_, large := row.Value("c").Int()
	_, truth := row.Value("b").Bool()
	_, raw := row.Value("a").Bytes()
	_, unquoted := row.Value("d").Bytes()
	_, missing := row.Value("z").Text()
	for text, err := range map[string]error{
		`"x" is no number`: float, "1.5 is no whole number": whole, "9223372036854775808 is no whole": large,
		"1.5 is no truth value": truth, `"x" is no base64`: raw, "1234 is no base64": unquoted, `no column "z"`: missing,
	} {
		if !errors.Is(err, sql.ErrUnmarshalResponse) || !strings.Contains(err.Error(), text) {
			t.Errorf("want %s, got %v", text, err)
		}
	}
}

func TestScanRefusesTargetsThatDoNotFit(t *testing.T) {
	row := rows(t, `[{"a":"x"}]`, "a")[0]
	var text string
	var rune32 int32
	if err := row.Scan(&text, &text); !errors.Is(err, sql.ErrUnmarshalResponse) || !strings.Contains(err.Error(), "2 targets for 1 columns") {
		t.Error(err)
	}
	if err := row.Scan(&rune32); !errors.Is(err, sql.ErrUnmarshalResponse) || !strings.Contains(err.Error(), "column 1: ") {
		t.Error(err)
	}
	if err := row.Scan(); err != nil {
		t.Error(err)
	}
}

func TestColumnsOfTheSameNameHaveTheLastValue(t *testing.T) {
	row := rows(t, `[{"a":2,"b":3}]`, "a", "b", "a")[0]
	var first, second, third int
	if err := row.Scan(&first, &second, &third); err != nil || first != 2 || second != 3 || third != 2 {
		t.Error(first, second, third, err)
	}
}

func TestNoRowsAreAnEmptyList(t *testing.T) {
	for _, data := range []string{"[]", "null", ""} {
		if all := rows(t, data, "a"); all == nil || len(all) != 0 {
			t.Error(all)
		}
	}
}

func TestDataThatIsNoListOfObjectsIsAnError(t *testing.T) {
	for _, data := range []string{" ", "{", "[1]", `[{"a":1}`} {
		if _, err := (sql.QueryResult{Data: []byte(data)}).Rows(); !errors.Is(err, sql.ErrUnmarshalResponse) {
			t.Errorf("%q: %v", data, err)
		}
	}
}
