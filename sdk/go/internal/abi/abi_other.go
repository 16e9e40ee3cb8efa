//go:build !wasip1 && !tinygo.wasm

package abi

import "errors"

// ErrNoHost is what a native program gets: unit tests give their clients a HostCall of their own.
var ErrNoHost = errors.New("no host here: set Config.HostCall in tests")

// HostCall fails outside WebAssembly.
func HostCall(_, _, _ string, _ []byte) ([]byte, error) { return nil, ErrNoHost }
