package tarmac

import (
	"errors"
	"strconv"
)

var (
	// ErrHostCall means that the host refused or failed the call and sent no status with it.
	ErrHostCall = errors.New("host call failed")
	// ErrHostResponseInvalid means that the host's reply cannot be read, or says that the request could not be.
	ErrHostResponseInvalid = errors.New("host response is invalid")
	// ErrHostError means that the host answered with the status of a failure.
	ErrHostError = errors.New("host returned an error")
)

// HostStatusError is a reply whose status is not a success. errors.Is finds its Cause and HostCallErr.
type HostStatusError struct {
	// Capability and Operation name the call.
	Capability, Operation string
	// Code and Status are the host's, such as 404 and a text.
	Code   int32
	Status string
	// Cause is what the code means to the client, such as ErrHostError.
	Cause error
	// HostCallErr is the error of the call itself; nil if the host reported success beside the status.
	HostCallErr error
}

func (e *HostStatusError) Error() string {
	text := e.Capability + "/" + e.Operation + ": "
	if e.Cause != nil {
		text += e.Cause.Error() + ": "
	}
	return text + "status " + strconv.Itoa(int(e.Code)) + " " + e.Status
}

// Unwrap returns the causes that are set.
func (e *HostStatusError) Unwrap() []error {
	causes := make([]error, 0, 2)
	for _, cause := range []error{e.Cause, e.HostCallErr} {
		if cause != nil {
			causes = append(causes, cause)
		}
	}
	return causes
}
