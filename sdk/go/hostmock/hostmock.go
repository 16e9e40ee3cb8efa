// Package hostmock stands in for the host in unit tests of functions: hand Mock.HostCall to a client's Config.
package hostmock

import "errors"

var (
	// ErrUnexpectedNamespace is returned for a call under another binding than expected.
	ErrUnexpectedNamespace = errors.New("unexpected namespace")
	// ErrUnexpectedCapability is returned for a call of another capability than expected.
	ErrUnexpectedCapability = errors.New("unexpected capability")
	// ErrUnexpectedFunction is returned for a call of another operation than expected.
	ErrUnexpectedFunction = errors.New("unexpected function")
	// ErrOperationFailed is what a failing mock returns when Config.Error is nil.
	ErrOperationFailed = errors.New("operation failed")
)

// Config says what the mock expects and answers. Expectations left empty accept everything.
type Config struct {
	ExpectedNamespace  string
	ExpectedCapability string
	ExpectedFunction   string
	// PayloadValidator looks at the payload; its error is the call's.
	PayloadValidator func(payload []byte) error
	// Response makes the answer; nil answers nothing.
	Response func() []byte
	// Fail makes the call return the response and an error, as the host does with a status other than success.
	Fail bool
	// Error is the error of a failing call; nil is ErrOperationFailed.
	Error error
}

// Mock answers host calls as its configuration says, which may change between calls.
type Mock struct {
	Config
}

// New makes a mock. It returns no error now.
func New(config Config) (*Mock, error) { return &Mock{Config: config}, nil }

// HostCall checks namespace, capability, function and payload, in this order, and answers.
func (m *Mock) HostCall(namespace, capability, function string, payload []byte) ([]byte, error) {
	for _, check := range []struct {
		expected, got string
		err           error
	}{
		{m.ExpectedNamespace, namespace, ErrUnexpectedNamespace},
		{m.ExpectedCapability, capability, ErrUnexpectedCapability},
		{m.ExpectedFunction, function, ErrUnexpectedFunction},
	} {
		if check.expected != "" && check.expected != check.got {
			return nil, &mismatch{err: check.err, expected: check.expected, got: check.got}
		}
	}
	if m.PayloadValidator != nil {
		if err := m.PayloadValidator(payload); err != nil {
			return nil, err
		}
	}
	return m.answer(), m.failure()
}

func (m *Mock) answer() []byte {
	if m.Response == nil {
		return nil
	}
	return m.Response()
}

func (m *Mock) failure() error {
	if m.Fail && m.Error == nil {
		return ErrOperationFailed
	}
	if m.Fail {
		return m.Error
	}
	return nil
}

type mismatch struct {
	err           error
	expected, got string
}

func (e *mismatch) Error() string {
	return e.err.Error() + ": expected " + e.expected + ", got " + e.got
}

func (e *mismatch) Unwrap() error { return e.err }
