//! Does what the payload's first word says; the words after it are its arguments. Commands are in tests/guests/README.md.
const std = @import("std");
const wapc = @import("wapc");

export fn __guest_call(operation_len: usize, payload_len: usize) u32 {
    return wapc.serve(operation_len, payload_len, run);
}

var calls: u64 = 0;

fn run(payload: []const u8) wapc.Answer {
    calls += 1;
    const space = std.mem.findScalar(u8, payload, ' ') orelse payload.len;
    const name = payload[0..space];
    const arguments = if (space < payload.len) payload[space + 1 ..] else "";
    if (is(name, "calls")) return .{ .ok = wapc.decimal(calls) };
    if (is(name, "error")) return .{ .err = arguments };
    if (is(name, "trap")) @trap();
    if (is(name, "loop")) loop();
    if (is(name, "eat")) eat();
    if (is(name, "flood")) return flood(wapc.parseDecimal(arguments) orelse return .{ .err = "not a number" });
    if (is(name, "call")) return call(arguments);
    return .{ .err = "unknown command" };
}

fn is(name: []const u8, wanted: []const u8) bool {
    return std.mem.eql(u8, name, wanted);
}

fn loop() noreturn {
    const spinning: *volatile u64 = &calls;
    while (true) spinning.* +%= 1;
}

fn eat() noreturn {
    while (true) @memset(wapc.alloc(1 << 20), 1);
}

fn flood(count: u64) wapc.Answer {
    for (0..@intCast(count)) |_| _ = wapc.hostCall("logging", "Trace", "flood");
    return .{ .ok = wapc.decimal(count) };
}

fn call(arguments: []const u8) wapc.Answer {
    const space = std.mem.findScalar(u8, arguments, ' ') orelse arguments.len;
    const input = if (space < arguments.len) arguments[space + 1 ..] else "";
    const reply = wapc.hostCall("function", arguments[0..space], input);
    return if (reply.ok) .{ .ok = reply.response } else .{ .err = reply.err };
}
