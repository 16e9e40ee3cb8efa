//! Adds one to the counter that the payload names and answers with its new value.

mod kv;
mod wapc;

#[no_mangle]
pub extern "C" fn __guest_call(operation_len: usize, payload_len: usize) -> i32 {
    wapc::serve(operation_len, payload_len, count)
}

fn count(payload: &[u8]) -> wapc::Answer {
    let name = if payload.is_empty() { &b"counter"[..] } else { payload };
    let value = match kv::get(name)? {
        Some(text) => String::from_utf8_lossy(&text).parse::<u64>().map_err(|error| error.to_string())?,
        None => 0,
    };
    let next = (value + 1).to_string().into_bytes();
    kv::set(name, &next)?;
    Ok(next)
}
