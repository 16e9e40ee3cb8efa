//! Answers with the payload.

mod wapc;

#[no_mangle]
pub extern "C" fn __guest_call(operation_len: usize, payload_len: usize) -> i32 {
    wapc::serve(operation_len, payload_len, |payload| Ok(payload.to_vec()))
}
