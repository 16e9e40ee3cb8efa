//! The key-value store, in protobuf.
const wapc = @import("wapc");

/// A reply of the store: its status code and the bytes found.
pub const Reply = struct { code: u64, data: []const u8, err: []const u8 };

pub fn get(key: []const u8) Reply {
    return call("get", field(1, key));
}

pub fn set(key: []const u8, value: []const u8) Reply {
    return call("set", wapc.join(&.{ field(1, key), field(2, value) }));
}

fn call(operation: []const u8, request: []const u8) Reply {
    const reply = wapc.hostCall("kvstore", operation, request);
    if (!reply.ok and reply.response.len == 0) return .{ .code = 0, .data = "", .err = reply.err };
    const status = find(reply.response, 1) orelse return .{ .code = 0, .data = "", .err = "reply without a status" };
    return .{ .code = findNumber(status, 1), .data = find(reply.response, 2) orelse "", .err = reply.err };
}

fn field(comptime number: u8, value: []const u8) []const u8 {
    return wapc.join(&.{ &.{number << 3 | 2}, varint(value.len), value });
}

fn varint(value: usize) []const u8 {
    const bytes = wapc.alloc(10);
    var rest = value;
    var len: usize = 0;
    while (rest >= 0x80) : (len += 1) {
        bytes[len] = @as(u8, @truncate(rest)) | 0x80;
        rest >>= 7;
    }
    bytes[len] = @truncate(rest);
    return bytes[0 .. len + 1];
}

const Reader = struct {
    bytes: []const u8,

    fn number(self: *Reader) ?u64 {
        var value: u64 = 0;
        var shift: u6 = 0;
        for (self.bytes, 0..) |byte, i| {
            value |= @as(u64, byte & 0x7f) << shift;
            if (byte < 0x80) {
                self.bytes = self.bytes[i + 1 ..];
                return value;
            }
            if (shift == 63) return null;
            shift += 7;
        }
        return null;
    }

    fn text(self: *Reader) ?[]const u8 {
        const len = self.number() orelse return null;
        if (len > self.bytes.len) return null;
        const value = self.bytes[0..@intCast(len)];
        self.bytes = self.bytes[@intCast(len)..];
        return value;
    }
};

fn find(message: []const u8, wanted: u64) ?[]const u8 {
    var reader = Reader{ .bytes = message };
    while (reader.number()) |tag| {
        switch (tag & 7) {
            0 => _ = reader.number(),
            2 => {
                const value = reader.text() orelse return null;
                if (tag >> 3 == wanted) return value;
            },
            else => return null,
        }
    }
    return null;
}

fn findNumber(message: []const u8, wanted: u64) u64 {
    var reader = Reader{ .bytes = message };
    while (reader.number()) |tag| {
        switch (tag & 7) {
            0 => {
                const value = reader.number() orelse return 0;
                if (tag >> 3 == wanted) return value;
            },
            2 => _ = reader.text(),
            else => return 0,
        }
    }
    return 0;
}
