//! The key-value store, in protobuf.

use crate::wapc::{host_call, Failure};

/// The value; `None` when the key is not there.
pub fn get(key: &[u8]) -> Result<Option<Vec<u8>>, String> {
    let mut request = Vec::new();
    field(&mut request, 1, key);
    match host_call("kvstore", "get", &request) {
        Ok(reply) => Ok(Some(bytes_field(&reply, 2).unwrap_or_default().to_vec())),
        Err(failure) if code(&failure) == 404 => Ok(None),
        Err(failure) => Err(failure.text),
    }
}

pub fn set(key: &[u8], value: &[u8]) -> Result<(), String> {
    let mut request = Vec::new();
    field(&mut request, 1, key);
    field(&mut request, 2, value);
    host_call("kvstore", "set", &request).map(|_| ()).map_err(|failure| failure.text)
}

/// The status code in the reply of a failed call; 0 without one.
fn code(failure: &Failure) -> u64 {
    bytes_field(&failure.reply, 1).and_then(|status| number_field(status, 1)).unwrap_or(0)
}

fn field(message: &mut Vec<u8>, number: u8, value: &[u8]) {
    message.push(number << 3 | 2);
    let mut rest = value.len();
    while rest >= 0x80 {
        message.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    message.push(rest as u8);
    message.extend_from_slice(value);
}

enum Value<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

fn bytes_field(message: &[u8], wanted: u64) -> Option<&[u8]> {
    fields(message).find_map(|(number, value)| match value {
        Value::Bytes(bytes) if number == wanted => Some(bytes),
        _ => None,
    })
}

fn number_field(message: &[u8], wanted: u64) -> Option<u64> {
    fields(message).find_map(|(number, value)| match value {
        Value::Number(value) if number == wanted => Some(value),
        _ => None,
    })
}

/// The varint and bytes fields of a message, up to the first of another kind.
fn fields(mut message: &[u8]) -> impl Iterator<Item = (u64, Value<'_>)> {
    std::iter::from_fn(move || {
        let tag = varint(&mut message)?;
        let value = match tag & 7 {
            0 => Value::Number(varint(&mut message)?),
            2 => {
                let len = varint(&mut message)? as usize;
                let bytes = message.get(..len)?;
                message = &message[len..];
                Value::Bytes(bytes)
            }
            _ => return None,
        };
        Some((tag >> 3, value))
    })
}

fn varint(message: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for (i, byte) in message.iter().enumerate().take(10) {
        value |= u64::from(byte & 0x7f) << (7 * i);
        if byte & 0x80 == 0 {
            *message = &message[i + 1..];
            return Some(value);
        }
    }
    None
}
