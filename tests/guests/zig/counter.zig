//! Adds one to the counter that the payload names and answers with its new value.
const kv = @import("kv");
const wapc = @import("wapc");

export fn __guest_call(operation_len: usize, payload_len: usize) u32 {
    return wapc.serve(operation_len, payload_len, count);
}

fn count(payload: []const u8) wapc.Answer {
    const name = if (payload.len == 0) "counter" else payload;
    const found = kv.get(name);
    if (found.code != 200 and found.code != 404) return .{ .err = found.err };
    const value = if (found.code == 404) 0 else wapc.parseDecimal(found.data) orelse return .{ .err = "not a number" };
    const next = wapc.decimal(value + 1);
    const stored = kv.set(name, next);
    if (stored.code != 200) return .{ .err = stored.err };
    return .{ .ok = next };
}
