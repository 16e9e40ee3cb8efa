//! The waPC calling convention: a handler, host calls.

#[link(wasm_import_module = "wapc")]
extern "C" {
    fn __guest_request(operation: *mut u8, payload: *mut u8);
    fn __guest_response(ptr: *const u8, len: usize);
    fn __guest_error(ptr: *const u8, len: usize);
    fn __host_call(
        binding: *const u8, binding_len: usize,
        namespace: *const u8, namespace_len: usize,
        operation: *const u8, operation_len: usize,
        payload: *const u8, payload_len: usize,
    ) -> i32;
    fn __host_response_len() -> usize;
    fn __host_response(ptr: *mut u8);
    fn __host_error_len() -> usize;
    fn __host_error(ptr: *mut u8);
    fn __console_log(ptr: *const u8, len: usize);
}

pub type Answer = Result<Vec<u8>, String>;

/// Receives one call's operation and payload, runs the handler, hands its answer to the host.
pub fn serve(operation_len: usize, payload_len: usize, handler: fn(&[u8]) -> Answer) -> i32 {
    let (mut operation, mut payload) = (vec![0; operation_len], vec![0; payload_len]);
    unsafe { __guest_request(operation.as_mut_ptr(), payload.as_mut_ptr()) };
    let answer = if operation == b"handler" {
        handler(&payload)
    } else {
        Err(format!("No handler registered for function {}", String::from_utf8_lossy(&operation)))
    };
    match &answer {
        Ok(bytes) => unsafe { __guest_response(bytes.as_ptr(), bytes.len()) },
        Err(text) => unsafe { __guest_error(text.as_ptr(), text.len()) },
    }
    answer.is_ok() as i32
}

/// A failed host call: the host's text, and its reply, which may be empty.
#[allow(dead_code)]
pub struct Failure {
    pub text: String,
    pub reply: Vec<u8>,
}

/// Calls the host under the default binding.
#[allow(dead_code)]
pub fn host_call(capability: &str, operation: &str, payload: &[u8]) -> Result<Vec<u8>, Failure> {
    let binding = "tarmac";
    unsafe {
        let ok = __host_call(
            binding.as_ptr(), binding.len(),
            capability.as_ptr(), capability.len(),
            operation.as_ptr(), operation.len(),
            payload.as_ptr(), payload.len(),
        );
        let mut reply = vec![0; __host_response_len()];
        __host_response(reply.as_mut_ptr());
        if ok == 1 {
            return Ok(reply);
        }
        let mut text = vec![0; __host_error_len()];
        __host_error(text.as_mut_ptr());
        Err(Failure { text: String::from_utf8_lossy(&text).into_owned(), reply })
    }
}

/// Writes one line to the host's console.
#[allow(dead_code)]
pub fn console_log(text: &str) {
    unsafe { __console_log(text.as_ptr(), text.len()) }
}
