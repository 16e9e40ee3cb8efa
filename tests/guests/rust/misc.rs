//! Does what the payload's first word says; the words after it are its arguments. Commands are in tests/guests/README.md.

mod wapc;

use std::sync::atomic::{AtomicU64, Ordering};

static CALLS: AtomicU64 = AtomicU64::new(0);

#[no_mangle]
pub extern "C" fn __guest_call(operation_len: usize, payload_len: usize) -> i32 {
    wapc::serve(operation_len, payload_len, run)
}

fn run(payload: &[u8]) -> wapc::Answer {
    let calls = CALLS.fetch_add(1, Ordering::Relaxed) + 1;
    let text = String::from_utf8_lossy(payload);
    let (name, rest) = text.split_once(' ').unwrap_or((&text, ""));
    match name {
        "calls" => Ok(calls.to_string().into_bytes()),
        "error" => Err(rest.to_string()),
        "trap" => core::arch::wasm32::unreachable(),
        "panic" => panic!("{}", rest),
        "loop" => spin(),
        "eat" => eat(),
        "flood" => flood(rest),
        "call" => call(rest),
        "console" => {
            wapc::console_log(rest);
            Ok(Vec::new())
        }
        _ => Err("unknown command".to_string()),
    }
}

fn spin() -> ! {
    loop {
        CALLS.fetch_add(1, Ordering::Relaxed);
    }
}

fn eat() -> ! {
    let mut eaten = Vec::new();
    loop {
        eaten.push(vec![1u8; 1 << 20]);
        CALLS.fetch_add(eaten.len() as u64, Ordering::Relaxed);
    }
}

fn flood(rest: &str) -> wapc::Answer {
    let count: u64 = rest.parse().map_err(|_| "not a number".to_string())?;
    for _ in 0..count {
        drop(wapc::host_call("logger", "trace", b"flood"));
    }
    Ok(count.to_string().into_bytes())
}

fn call(rest: &str) -> wapc::Answer {
    let (name, input) = rest.split_once(' ').unwrap_or((rest, ""));
    wapc::host_call("function", name, input.as_bytes()).map_err(|failure| failure.text)
}
