// Package sql runs statements on the host's database. Values go beside the text, for its placeholders: never into it.
package sql

import (
	"errors"
	"strings"

	tarmac "github.com/tarmac-project/tarmac-python/sdk/go"
	"github.com/tarmac-project/tarmac-python/sdk/go/internal/call"
	"github.com/tarmac-project/tarmac-python/sdk/go/internal/fault"
	"github.com/tarmac-project/tarmac-python/sdk/go/internal/wire"
)

var (
	// ErrInvalidQuery is returned for a text without a statement.
	ErrInvalidQuery = errors.New("query is invalid")
	// ErrPartialResult means that the statement worked, but a part of its answer could not be had.
	ErrPartialResult = errors.New("operation completed with partial result")
	// ErrMarshalRequest is returned for an argument of a type that has no form in SQL.
	ErrMarshalRequest = errors.New("failed to marshal request")
	// ErrUnmarshalResponse is returned for a reply, a row or a value that cannot be read as what was asked for.
	ErrUnmarshalResponse = errors.New("failed to unmarshal response")
)

// Client runs statements, each in a transaction of its own. Failures of the host are *tarmac.HostStatusError or
// tarmac.ErrHostCall.
//
// Arguments take the places of the placeholders in order: nil, bool, any integer, float32, float64, string, []byte. A nil
// []byte is NULL as nil is. Placeholders are the server's own (? for SQLite and MySQL, $1 for PostgreSQL), and ? for all.
type Client interface {
	// Exec runs a statement that gives no rows. A *PartialResultError comes beside a result.
	Exec(query string, args ...any) (ExecResult, error)
	// Query runs a statement that gives rows. A *PartialResultError comes beside a result.
	Query(query string, args ...any) (QueryResult, error)
	// Close does nothing now: the host owns the connections.
	Close() error
}

// Config describes a client.
type Config struct {
	// SDKConfig comes from tarmac.SDK.Config; its Namespace selects a named store.
	SDKConfig tarmac.RuntimeConfig
	// HostCall replaces the host in tests.
	HostCall tarmac.HostCall
}

// ExecResult is what a statement did.
type ExecResult struct {
	// LastInsertID is of the last row inserted; 0 where the server has none.
	LastInsertID int64
	RowsAffected int64
}

// QueryResult is what a statement found.
type QueryResult struct {
	// Columns are the names in the server's order.
	Columns []string
	// Data is JSON: a list of objects by column, [] for no rows. Rows reads it.
	Data []byte
}

// PartialResultError is a status 206. errors.Is finds ErrPartialResult, errors.As the *tarmac.HostStatusError.
type PartialResultError struct {
	// Operation is exec or query.
	Operation string
	// Cause is the host's status, whose text says what is missing.
	Cause error
}

func (e *PartialResultError) Error() string { return e.Cause.Error() }

// Unwrap returns the cause, which in turn is ErrPartialResult.
func (e *PartialResultError) Unwrap() error { return e.Cause }

type client struct {
	target call.Target
}

// New makes a client. It returns no error now.
func New(config Config) (Client, error) {
	return &client{target: call.Target{
		Namespace:  config.SDKConfig.WithDefaults().Namespace,
		Capability: "sql",
		Host:       config.HostCall.OrDefault(),
		Causes:     map[int32]error{206: ErrPartialResult, 400: tarmac.ErrHostResponseInvalid},
	}}, nil
}

func (c *client) Close() error { return nil }

func (c *client) Exec(query string, args ...any) (ExecResult, error) {
	var result ExecResult
	err := c.do("exec", query, args, func(f wire.Field) error {
		switch {
		case f.IsVarint(2):
			result.LastInsertID = int64(f.Number)
		case f.IsVarint(3):
			result.RowsAffected = int64(f.Number)
		}
		return nil
	})
	if err != nil && !errors.Is(err, ErrPartialResult) {
		return ExecResult{}, err
	}
	return result, err
}

func (c *client) Query(query string, args ...any) (QueryResult, error) {
	var result QueryResult
	err := c.do("query", query, args, func(f wire.Field) error {
		switch {
		case f.IsBytes(4):
			result.Columns = append(result.Columns, string(f.Bytes))
		case f.IsBytes(5):
			result.Data = f.Bytes
		}
		return nil
	})
	if err != nil && !errors.Is(err, ErrPartialResult) {
		return QueryResult{}, err
	}
	return result, err
}

func (c *client) do(operation, query string, args []any, fn func(wire.Field) error) error {
	if strings.TrimSpace(query) == "" {
		return ErrInvalidQuery
	}
	message, err := request(query, args)
	if err != nil {
		return err
	}
	err = c.target.Do(operation, message, fn)
	switch {
	case errors.Is(err, ErrPartialResult):
		return &PartialResultError{Operation: operation, Cause: err}
	case errors.Is(err, wire.ErrMalformed):
		return fault.Wrap(ErrUnmarshalResponse, err)
	}
	return err
}
