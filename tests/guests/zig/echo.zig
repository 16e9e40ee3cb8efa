//! Answers with the payload.
const wapc = @import("wapc");

export fn __guest_call(operation_len: usize, payload_len: usize) u32 {
    return wapc.serve(operation_len, payload_len, echo);
}

fn echo(payload: []const u8) wapc.Answer {
    return .{ .ok = payload };
}
