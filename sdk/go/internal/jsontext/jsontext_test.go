package jsontext_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/tarmac-project/tarmac-python/sdk/go/internal/jsontext"
)

func elements(text string) ([]string, error) {
	found := []string{}
	err := jsontext.Array([]byte(text), func(element []byte) error {
		found = append(found, string(element))
		return nil
	})
	return found, err
}

func TestEachElementIsGivenAsItIsWritten(t *testing.T) {
	got, err := elements(" [ {\"a\": [1, {}]} ,\"]\\\"\",-1.5e+3,true,\tfalse,null,[]\n] ")
	want := []string{`{"a": [1, {}]}`, `"]\""`, "-1.5e+3", "true", "false", "null", "[]"}
	if err != nil || !slices.Equal(got, want) {
		t.Fatalf("%q, %v", got, err)
	}
}

func TestNullAndTheEmptyListHaveNoElements(t *testing.T) {
	for _, text := range []string{"null", " null\n", "[]", "[ ]"} {
		if got, err := elements(text); err != nil || len(got) != 0 {
			t.Errorf("%q: %q, %v", text, got, err)
		}
	}
}

func TestMembersComeInOrderWithTheirNamesUnquoted(t *testing.T) {
	var got []string
	err := jsontext.Object([]byte(`{"b":1, "a\"\u0041" : "x"}`), func(name, value []byte) error {
		got = append(got, string(name), string(value))
		return nil
	})
	if err != nil || !slices.Equal(got, []string{"b", "1", `a"A`, `"x"`}) {
		t.Fatalf("%q, %v", got, err)
	}
}

func TestBrokenTextIsAnError(t *testing.T) {
	for _, text := range []string{
		"", "[", "[1", "[1,", "[1,]", "[,1]", "[1 2]", "[1]]", "{}", "[{]", `["a]`, `["a\`, "[nul]", "[tru e]", `[{"a"}]`,
		`[{"a":}]`, `[{a:1}]`, `[{"a":1,}]`, strings.Repeat("[", 5000) + strings.Repeat("]", 5000), "nullnull", "[*]",
	} {
		if got, err := elements(text); !errors.Is(err, jsontext.ErrMalformed) {
			t.Errorf("%q: %q, %v", text, got, err)
		}
	}
}

func TestStringsAreUnquotedAsTheStandardLibraryDoes(t *testing.T) {
	for _, text := range []string{
		`""`, `"plain ü 🛫"`, `"\"\\\/\b\f\n\r\t"`, `"\u003c\u00e9\u2028"`, `"\ud83d\udeeb!"`, `"\ud83d"`, `"\ud83dx"`,
		`"\udeeb\ud83d"`, `"\ud83d\u0041"`,
	} {
		var want string
		if err := json.Unmarshal([]byte(text), &want); err != nil {
			t.Fatal(err)
		}
		if got, err := jsontext.Unquote([]byte(text)); err != nil || string(got) != want {
			t.Errorf("%s: %q, want %q, %v", text, got, want, err)
		}
	}
}

func TestWhatIsNoStringIsNotUnquoted(t *testing.T) {
	for _, text := range []string{"", `"`, "1", "null", `"a`, `"\x"`, `"\u12"`, `"\u12g4"`, `"\"`} {
		if got, err := jsontext.Unquote([]byte(text)); !errors.Is(err, jsontext.ErrMalformed) {
			t.Errorf("%s: %q, %v", text, got, err)
		}
	}
}

func TestTheCallersErrorEndsTheReading(t *testing.T) {
	enough, seen := errors.New("enough"), 0
	err := jsontext.Array([]byte("[1,2]"), func([]byte) error { seen++; return enough })
	if !errors.Is(err, enough) || seen != 1 {
		t.Error(err, seen)
	}
}

func FuzzWhatTheStandardLibraryReadsIsReadTheSame(f *testing.F) {
	f.Add(`[{"a":"\u00e9","b":[1,null]},{"a":-1.5e3}]`)
	f.Add(`[{}, {"":""}]`)
	f.Fuzz(func(t *testing.T, text string) {
		got := []map[string]string{}
		err := jsontext.Array([]byte(text), func(element []byte) error {
			one := map[string]string{}
			got = append(got, one)
			return jsontext.Object(element, func(name, value []byte) error {
				one[string(name)] = string(value)
				return nil
			})
		})
		var want []map[string]json.RawMessage
		if json.Unmarshal([]byte(text), &want) != nil || !json.Valid([]byte(text)) {
			return
		}
		if err != nil || len(got) != len(want) {
			t.Fatalf("%q: %v, %d elements, want %d", text, err, len(got), len(want))
		}
		for i, one := range want {
			for name, value := range one {
				if strings.ToValidUTF8(text, "") == text && got[i][name] != string(value) {
					t.Errorf("%q: %q is %q, want %q", text, name, got[i][name], value)
				}
			}
		}
	})
}
