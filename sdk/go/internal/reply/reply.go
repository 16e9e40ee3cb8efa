// Package reply writes the host's side of messages, for tests.
package reply

import "github.com/tarmac-project/tarmac-python/sdk/go/internal/wire"

// Status is a reply with a status and, if given, bytes in the fields after it.
func Status(code uint64, text string, data ...string) func() []byte {
	status := wire.AppendBytes(wire.AppendVarint(nil, 1, code), 2, text)
	message := wire.AppendBytes(nil, 1, status)
	for _, part := range data {
		message = wire.AppendBytes(message, 2, part)
	}
	return func() []byte { return message }
}
