// Reverses text and keeps the answer in the key-value store, so that the same text is reversed only once.
import { handleCall, hostCall, register, Result } from "@wapc/as-guest/assembly";
import * as kv from "./kv";

// Longer texts cannot be keys of the store, so they are reversed each time.
const MAX_KEY_BYTES = 32768;

export function wapc_init(): void {
  register("handler", tac);
}

function tac(payload: ArrayBuffer): Result<ArrayBuffer> {
  const text = String.UTF8.decode(payload);
  if (payload.byteLength == 0 || payload.byteLength > MAX_KEY_BYTES) return answer(reverse(text));
  const cached = kv.get(text);
  if (cached !== null) {
    log("cache hit");
    return answer(cached);
  }
  log("cache miss");
  const reversed = reverse(text);
  if (!kv.set(text, reversed)) return Result.error<ArrayBuffer>(new Error("cannot store the answer"));
  return answer(reversed);
}

function answer(text: string): Result<ArrayBuffer> {
  return Result.ok(String.UTF8.encode(text));
}

function log(text: string): void {
  hostCall("default", "logger", "info", String.UTF8.encode(text));
}

/** Turns the order of code points around; a surrogate pair is one. */
function reverse(text: string): string {
  const units: i32[] = [];
  for (let i = text.length - 1; i >= 0; i--) {
    const unit = text.charCodeAt(i);
    if ((unit & 0xfc00) == 0xdc00 && i > 0) units.push(text.charCodeAt(--i));
    units.push(unit);
  }
  return String.fromCharCodes(units);
}

export function __guest_call(operationSize: usize, payloadSize: usize): bool {
  return handleCall(operationSize, payloadSize);
}
