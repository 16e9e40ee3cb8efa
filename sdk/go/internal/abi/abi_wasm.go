//go:build wasip1 || tinygo.wasm

package abi

import "unsafe"

//go:wasmimport wapc __guest_request
func guestRequest(operation, payload unsafe.Pointer)

//go:wasmimport wapc __guest_response
func guestResponse(ptr unsafe.Pointer, n uint32)

//go:wasmimport wapc __guest_error
func guestError(ptr unsafe.Pointer, n uint32)

//go:wasmimport wapc __host_call
func hostCall(
	binding unsafe.Pointer, bindingLen uint32,
	namespace unsafe.Pointer, namespaceLen uint32,
	operation unsafe.Pointer, operationLen uint32,
	payload unsafe.Pointer, payloadLen uint32,
) uint32

//go:wasmimport wapc __host_response_len
func hostResponseLen() uint32

//go:wasmimport wapc __host_response
func hostResponse(ptr unsafe.Pointer)

//go:wasmimport wapc __host_error_len
func hostErrorLen() uint32

//go:wasmimport wapc __host_error
func hostError(ptr unsafe.Pointer)

func bytesPtr(b []byte) unsafe.Pointer  { return unsafe.Pointer(unsafe.SliceData(b)) }
func stringPtr(s string) unsafe.Pointer { return unsafe.Pointer(unsafe.StringData(s)) }

//go:linkname mainMain main.main
func mainMain()

var mainRan bool

// runMain runs main, where functions register, unless something ran it already. With -buildmode=c-shared neither
// compiler's start function does; TinyGo's older build modes do.
func runMain() {
	if handler == nil && !mainRan {
		mainRan = true
		mainMain()
	}
}

//go:wasmexport wapc_init
func wapcInit() { runMain() }

//go:wasmexport __guest_call
func guestCall(operationLen, payloadLen uint32) uint32 {
	runMain()
	name, payload := make([]byte, operationLen), make([]byte, payloadLen)
	guestRequest(bytesPtr(name), bytesPtr(payload))
	response, text, ok := Dispatch(string(name), payload)
	if !ok {
		guestError(stringPtr(text), uint32(len(text)))
		return 0
	}
	guestResponse(bytesPtr(response), uint32(len(response)))
	return 1
}

// HostCall calls the host. After a failed call it returns the reply, which may be empty, beside the error.
func HostCall(binding, capability, operation string, payload []byte) ([]byte, error) {
	code := hostCall(
		stringPtr(binding), uint32(len(binding)),
		stringPtr(capability), uint32(len(capability)),
		stringPtr(operation), uint32(len(operation)),
		bytesPtr(payload), uint32(len(payload)),
	)
	response := make([]byte, hostResponseLen())
	hostResponse(bytesPtr(response))
	if code != 0 {
		return response, nil
	}
	text := make([]byte, hostErrorLen())
	hostError(bytesPtr(text))
	return response, &HostError{Text: string(text)}
}
