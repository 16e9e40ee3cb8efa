// Package abi speaks the waPC calling convention: it runs the registered handler for the host and calls the host.
package abi

// operation is the one that Tarmac calls.
const operation = "handler"

// HostError is the host's text for a failed call.
type HostError struct {
	// Text is what the host wrote.
	Text string
}

func (e *HostError) Error() string { return "host error: " + e.Text }

var handler func(payload []byte) ([]byte, error)

// Register sets the handler; the last one wins.
func Register(fn func(payload []byte) ([]byte, error)) { handler = fn }

// Dispatch runs one operation. The text is for the host when ok is false.
func Dispatch(name string, payload []byte) (response []byte, text string, ok bool) {
	if name != operation || handler == nil {
		return nil, `Could not find function "` + name + `"`, false
	}
	response, err := handler(payload)
	if err != nil {
		return nil, err.Error(), false
	}
	return response, "", true
}
