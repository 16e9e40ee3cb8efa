package sql_test

import (
	"bytes"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	tarmac "github.com/tarmac-project/tarmac-python/sdk/go"
	"github.com/tarmac-project/tarmac-python/sdk/go/hostmock"
	"github.com/tarmac-project/tarmac-python/sdk/go/internal/reply"
	"github.com/tarmac-project/tarmac-python/sdk/go/internal/wire"
	"github.com/tarmac-project/tarmac-python/sdk/go/sql"
)

func client(t *testing.T, config hostmock.Config) sql.Client {
	t.Helper()
	config.ExpectedCapability = "sql"
	mock, err := hostmock.New(config)
	if err != nil {
		t.Fatal(err)
	}
	database, err := sql.New(sql.Config{HostCall: mock.HostCall})
	if err != nil {
		t.Fatal(err)
	}
	return database
}

func done(code uint64, text string, id, rows int64) func() []byte {
	message := reply.Status(code, text)()
	message = wire.AppendVarint(wire.AppendVarint(message, 2, uint64(id)), 3, uint64(rows))
	return func() []byte { return message }
}

func found(data string, columns ...string) func() []byte {
	message := reply.Status(200, "OK")()
	for _, column := range columns {
		message = wire.AppendBytes(message, 4, column)
	}
	message = wire.AppendBytes(message, 5, data)
	return func() []byte { return message }
}

func TestExecGivesIdAndRows(t *testing.T) {
	database := client(t, hostmock.Config{ExpectedFunction: "exec", ExpectedNamespace: "tarmac", Response: done(200, "OK", -7, 3)})
	result, err := database.Exec("DELETE FROM a")
	if err != nil || result != (sql.ExecResult{LastInsertID: -7, RowsAffected: 3}) {
		t.Fatal(result, err)
	}
}

func TestQueryGivesColumnsAndData(t *testing.T) {
	database := client(t, hostmock.Config{ExpectedFunction: "query", Response: found(`[{"b":1,"a":null}]`, "b", "a")})
	result, err := database.Query("SELECT b, a FROM t")
	if err != nil || !slices.Equal(result.Columns, []string{"b", "a"}) || string(result.Data) != `[{"b":1,"a":null}]` {
		t.Fatal(result, err)
	}
}

func TestArgumentsGoBesideTheTextEachAsItsType(t *testing.T) {
	for name, c := range map[string]struct {
		arg  any
		want []byte
	}{
		"nil":         {nil, []byte{}},
		"nil bytes":   {[]byte(nil), []byte{}},
		"true":        {true, []byte{0x08, 1}},
		"false":       {false, []byte{0x08, 0}},
		"int":         {300, []byte{0x10, 0xac, 2}},
		"zero":        {0, []byte{0x10, 0}},
		"negative":    {int64(-1), []byte{0x10, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1}},
		"int8":        {int8(7), []byte{0x10, 7}},
		"int16":       {int16(7), []byte{0x10, 7}},
		"int32":       {int32(7), []byte{0x10, 7}},
		"uint":        {uint(7), []byte{0x10, 7}},
		"uint8":       {uint8(7), []byte{0x10, 7}},
		"uint16":      {uint16(7), []byte{0x10, 7}},
		"uint32":      {uint32(7), []byte{0x10, 7}},
		"uint64":      {uint64(math.MaxInt64), []byte{0x10, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f}},
		"float64":     {1.5, []byte{0x19, 0, 0, 0, 0, 0, 0, 0xf8, 0x3f}},
		"float32":     {float32(1.5), []byte{0x19, 0, 0, 0, 0, 0, 0, 0xf8, 0x3f}},
		"NaN":         {math.NaN(), []byte{0x19, 1, 0, 0, 0, 0, 0, 0xf8, 0x7f}},
		"text":        {"a'", []byte{0x22, 2, 'a', '\''}},
		"empty text":  {"", []byte{0x22, 0}},
		"bytes":       {[]byte{0xff}, []byte{0x2a, 1, 0xff}},
		"empty bytes": {[]byte{}, []byte{0x2a, 0}},
	} {
		want := wire.AppendBytes(wire.AppendBytes([]byte{0x0a, 1, 'q'}, 2, c.want), 2, "\x10\x01")
		check := func(got []byte) error {
			if !bytes.Equal(got, want) {
				t.Errorf("%s: % x, want % x", name, got, want)
			}
			return nil
		}
		exec := client(t, hostmock.Config{PayloadValidator: check, Response: done(200, "OK", 0, 0)})
		if _, err := exec.Exec("q", c.arg, 1); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		query := client(t, hostmock.Config{PayloadValidator: check, Response: found("[]")})
		if _, err := query.Query("q", c.arg, 1); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestWhatCannotBeAskedDoesNotReachTheHost(t *testing.T) {
	database := client(t, hostmock.Config{ExpectedNamespace: "nobody"})
	for _, query := range []string{"", " \n\t"} {
		_, exec := database.Exec(query)
		_, find := database.Query(query)
		if !errors.Is(exec, sql.ErrInvalidQuery) || !errors.Is(find, sql.ErrInvalidQuery) {
			t.Error(exec, find)
		}
	}
	for _, arg := range []any{uint64(math.MaxInt64 + 1), uint(math.MaxUint), struct{}{}, []string{"a"}} {
		_, err := database.Exec("q", 1, arg)
		if !errors.Is(err, sql.ErrMarshalRequest) || !strings.Contains(err.Error(), "argument 2 ") {
			t.Error(err)
		}
	}
}

func TestAPartialResultComesBesideItsError(t *testing.T) {
	for _, fails := range []bool{false, true} {
		database := client(t, hostmock.Config{Response: done(206, "Unable to get last insert ID - none", 0, 2), Fail: fails})
		result, err := database.Exec("INSERT")
		var partial *sql.PartialResultError
		var status *tarmac.HostStatusError
		if result.RowsAffected != 2 || !errors.Is(err, sql.ErrPartialResult) || !errors.As(err, &partial) || !errors.As(err, &status) {
			t.Fatal(result, err)
		}
		if partial.Operation != "exec" || status.Code != 206 || status.Status != "Unable to get last insert ID - none" {
			t.Error(partial.Operation, status)
		}
	}
}

func TestAFailureCarriesTheHostsStatusAndNoResult(t *testing.T) {
	for code, want := range map[uint64]error{400: tarmac.ErrHostResponseInvalid, 403: tarmac.ErrHostError, 500: tarmac.ErrHostError} {
		database := client(t, hostmock.Config{Response: done(code, "no", 1, 1), Fail: true})
		result, exec := database.Exec("q")
		_, find := database.Query("q")
		for _, err := range []error{exec, find} {
			var status *tarmac.HostStatusError
			if !errors.Is(err, want) || !errors.As(err, &status) || status.Code != int32(code) || status.Status != "no" {
				t.Error(err)
			}
		}
		if result != (sql.ExecResult{}) {
			t.Error(result)
		}
	}
}

func TestAReplyThatCannotBeReadIsErrUnmarshalResponse(t *testing.T) {
	database := client(t, hostmock.Config{Response: func() []byte { return []byte("{}") }})
	_, err := database.Query("q")
	if !errors.Is(err, sql.ErrUnmarshalResponse) || !errors.Is(err, tarmac.ErrHostResponseInvalid) {
		t.Fatal(err)
	}
}

func TestANamespaceSelectsTheBinding(t *testing.T) {
	mock, _ := hostmock.New(hostmock.Config{ExpectedNamespace: "reports", Response: found("[]")})
	database, _ := sql.New(sql.Config{SDKConfig: tarmac.RuntimeConfig{Namespace: "reports"}, HostCall: mock.HostCall})
	if _, err := database.Query("q"); err != nil || database.Close() != nil {
		t.Fatal(err)
	}
}
