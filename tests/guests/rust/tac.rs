//! Reverses text and keeps the answer in the key-value store, so that the same text is reversed only once.

mod kv;
mod wapc;

// Longer texts cannot be keys of the store, so they are reversed each time.
const MAX_KEY_BYTES: usize = 32768;

#[no_mangle]
pub extern "C" fn __guest_call(operation_len: usize, payload_len: usize) -> i32 {
    wapc::serve(operation_len, payload_len, tac)
}

fn tac(payload: &[u8]) -> wapc::Answer {
    if payload.is_empty() || payload.len() > MAX_KEY_BYTES {
        return Ok(reverse(payload));
    }
    if let Some(cached) = kv::get(payload)? {
        log("cache hit");
        return Ok(cached);
    }
    log("cache miss");
    let reversed = reverse(payload);
    kv::set(payload, &reversed)?;
    Ok(reversed)
}

/// Turns the order of code points around; bytes that are not UTF-8 become U+FFFD.
fn reverse(text: &[u8]) -> Vec<u8> {
    String::from_utf8_lossy(text).chars().rev().collect::<String>().into_bytes()
}

/// A line that is lost is not worth an error.
fn log(text: &str) {
    drop(wapc::host_call("logger", "info", text.as_bytes()));
}
