//! Reverses text and keeps the answer in the key-value store, so that the same text is reversed only once.
const kv = @import("kv");
const wapc = @import("wapc");

// Longer texts cannot be keys of the store, so they are reversed each time.
const max_key_bytes = 32768;

export fn __guest_call(operation_len: usize, payload_len: usize) u32 {
    return wapc.serve(operation_len, payload_len, tac);
}

fn tac(payload: []const u8) wapc.Answer {
    if (payload.len == 0 or payload.len > max_key_bytes) return .{ .ok = reverse(payload) };
    const cached = kv.get(payload);
    if (cached.code == 200) {
        wapc.log("Info", "cache hit");
        return .{ .ok = cached.data };
    }
    if (cached.code != 404) return .{ .err = cached.err };
    wapc.log("Info", "cache miss");
    const reversed = reverse(payload);
    const stored = kv.set(payload, reversed);
    if (stored.code != 200) return .{ .err = stored.err };
    return .{ .ok = reversed };
}

/// Turns the order of code points around; bytes that begin none count as one each.
fn reverse(text: []const u8) []const u8 {
    const out = wapc.alloc(text.len);
    var at: usize = 0;
    while (at < text.len) {
        const len = @min(pointLen(text[at]), text.len - at);
        @memcpy(out[text.len - at - len ..][0..len], text[at..][0..len]);
        at += len;
    }
    return out;
}

fn pointLen(first: u8) usize {
    if (first >= 0xf0) return 4;
    if (first >= 0xe0) return 3;
    return if (first >= 0xc0) 2 else 1;
}
