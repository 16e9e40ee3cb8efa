// Package call makes host calls whose replies begin with a status.
package call

import (
	"errors"

	tarmac "github.com/tarmac-project/tarmac-python/sdk/go"
	"github.com/tarmac-project/tarmac-python/sdk/go/internal/fault"
	"github.com/tarmac-project/tarmac-python/sdk/go/internal/wire"
)

var errNoStatus = errors.New("the reply has no status")

// Target is one capability of the host under one binding.
type Target struct {
	// Namespace is the binding of the calls.
	Namespace string
	// Capability is the host's name of it.
	Capability string
	// Host makes the call.
	Host tarmac.HostCall
	// Causes says what status codes other than 200 mean; those not named mean tarmac.ErrHostError.
	Causes map[int32]error
}

// Do makes one call and hands each field of the reply, other than its status, to fn: with status 206 that is the part that
// could be had. A status other than 200 is a *tarmac.HostStatusError.
func (t Target) Do(operation string, payload []byte, fn func(wire.Field) error) error {
	reply, callErr := t.Host(t.Namespace, t.Capability, operation, payload)
	if callErr != nil && len(reply) == 0 {
		return fault.Wrap(tarmac.ErrHostCall, callErr)
	}
	code, text, err := status(reply)
	if err == nil {
		err = wire.Each(reply, func(f wire.Field) error {
			if f.ID == 1 {
				return nil
			}
			return fn(f)
		})
	}
	if err != nil {
		return unreadable(err, callErr)
	}
	if code != 200 {
		return &tarmac.HostStatusError{
			Capability: t.Capability, Operation: operation, Code: code, Status: text, Cause: t.cause(code), HostCallErr: callErr,
		}
	}
	return nil
}

func (t Target) cause(code int32) error {
	if cause, named := t.Causes[code]; named {
		return cause
	}
	return tarmac.ErrHostError
}

func unreadable(err, callErr error) error {
	if callErr != nil {
		err = fault.Wrap(err, fault.Wrap(tarmac.ErrHostCall, callErr))
	}
	return fault.Wrap(tarmac.ErrHostResponseInvalid, err)
}

// status reads field 1 of a reply: the message Status{code = 1, status = 2}.
func status(reply []byte) (code int32, text string, err error) {
	err = wire.Each(reply, func(f wire.Field) error {
		if !f.IsBytes(1) {
			return nil
		}
		return wire.Each(f.Bytes, func(s wire.Field) error {
			switch {
			case s.IsVarint(1):
				code = int32(s.Number)
			case s.IsBytes(2):
				text = string(s.Bytes)
			}
			return nil
		})
	})
	if err == nil && code == 0 {
		err = errNoStatus
	}
	return code, text, err
}

// Ignore is for replies that carry nothing but a status.
func Ignore(wire.Field) error { return nil }
