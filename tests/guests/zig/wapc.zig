//! The waPC calling convention for guests without a runtime: a handler, host calls, and memory that lasts for one call.
const std = @import("std");

extern "wapc" fn __guest_request(operation: [*]u8, payload: [*]u8) void;
extern "wapc" fn __guest_response(ptr: [*]const u8, len: usize) void;
extern "wapc" fn __guest_error(ptr: [*]const u8, len: usize) void;
extern "wapc" fn __host_call(
    binding: [*]const u8,
    binding_len: usize,
    namespace: [*]const u8,
    namespace_len: usize,
    operation: [*]const u8,
    operation_len: usize,
    payload: [*]const u8,
    payload_len: usize,
) u32;
extern "wapc" fn __host_response_len() usize;
extern "wapc" fn __host_response(ptr: [*]u8) void;
extern "wapc" fn __host_error_len() usize;
extern "wapc" fn __host_error(ptr: [*]u8) void;

const page_bytes = 65536;
var heap_start: usize = 0;
var heap_next: usize = 0;

/// Bytes that are valid until the call ends. Traps when the host gives no more memory.
pub fn alloc(len: usize) []u8 {
    if (heap_start == 0) {
        heap_start = @wasmMemorySize(0) * page_bytes;
        heap_next = heap_start;
    }
    const from = heap_next;
    const end = from + len;
    const have = @wasmMemorySize(0) * page_bytes;
    if (end > have and @wasmMemoryGrow(0, (end - have + page_bytes - 1) / page_bytes) < 0) @trap();
    heap_next = end;
    const many: [*]u8 = @ptrFromInt(from);
    return many[0..len];
}

/// What a handler answers: bytes, or the text of an error.
pub const Answer = union(enum) { ok: []const u8, err: []const u8 };

/// Receives one call's operation and payload, runs the handler, hands its answer to the host.
pub fn serve(operation_len: usize, payload_len: usize, handler: fn ([]const u8) Answer) u32 {
    heap_next = heap_start;
    const operation = alloc(operation_len);
    const payload = alloc(payload_len);
    __guest_request(operation.ptr, payload.ptr);
    if (!std.mem.eql(u8, operation, "handler")) return fail(join(&.{ "Could not find function ", operation }));
    switch (handler(payload)) {
        .ok => |bytes| __guest_response(bytes.ptr, bytes.len),
        .err => |text| return fail(text),
    }
    return 1;
}

fn fail(text: []const u8) u32 {
    __guest_error(text.ptr, text.len);
    return 0;
}

/// A host call's outcome. After a failure `response` still holds the host's reply, which may be empty.
pub const Reply = struct { ok: bool, response: []const u8, err: []const u8 };

/// Calls the host under the default binding.
pub fn hostCall(capability: []const u8, operation: []const u8, payload: []const u8) Reply {
    const binding = "tarmac";
    const ok = __host_call(
        binding.ptr,
        binding.len,
        capability.ptr,
        capability.len,
        operation.ptr,
        operation.len,
        payload.ptr,
        payload.len,
    ) == 1;
    const response = alloc(__host_response_len());
    __host_response(response.ptr);
    if (ok) return .{ .ok = true, .response = response, .err = "" };
    const text = alloc(__host_error_len());
    __host_error(text.ptr);
    return .{ .ok = false, .response = response, .err = text };
}

/// Writes one line to the host's log.
pub fn log(level: []const u8, text: []const u8) void {
    _ = hostCall("logging", level, text);
}

/// Joins pieces of text.
pub fn join(parts: []const []const u8) []u8 {
    var len: usize = 0;
    for (parts) |part| len += part.len;
    const whole = alloc(len);
    var at: usize = 0;
    for (parts) |part| {
        @memcpy(whole[at..][0..part.len], part);
        at += part.len;
    }
    return whole;
}

/// A number as decimal text.
pub fn decimal(value: u64) []const u8 {
    const text = alloc(20);
    var at: usize = text.len;
    var rest = value;
    while (true) {
        at -= 1;
        text[at] = '0' + @as(u8, @intCast(rest % 10));
        rest /= 10;
        if (rest == 0) return text[at..];
    }
}

/// Decimal text as a number; null for other text.
pub fn parseDecimal(text: []const u8) ?u64 {
    if (text.len == 0) return null;
    var value: u64 = 0;
    for (text) |c| {
        if (c < '0' or c > '9') return null;
        value = value *% 10 +% (c - '0');
    }
    return value;
}
