// Does what the payload's first word says; the words after it are its arguments. Commands are in tests/guests/README.md.
import { handleCall, hostCall, register, Result } from "@wapc/as-guest/assembly";

let calls: i64 = 0;

export function wapc_init(): void {
  register("handler", run);
}

function run(payload: ArrayBuffer): Result<ArrayBuffer> {
  calls++;
  const text = String.UTF8.decode(payload);
  const space = text.indexOf(" ");
  const name = space < 0 ? text : text.substring(0, space);
  const rest = space < 0 ? "" : text.substring(space + 1);
  if (name == "calls") return answer(calls.toString());
  if (name == "error") return failure(rest);
  if (name == "trap") unreachable();
  if (name == "abort") throw new Error(rest);
  if (name == "loop") loop();
  if (name == "eat") eat();
  if (name == "flood") return flood(<i32>I32.parseInt(rest));
  if (name == "call") return call(rest);
  if (name == "random") return answer(Math.random().toString());
  if (name == "trace") return traced(rest);
  return failure("unknown command");
}

function answer(text: string): Result<ArrayBuffer> {
  return Result.ok(String.UTF8.encode(text));
}

function failure(text: string): Result<ArrayBuffer> {
  return Result.error<ArrayBuffer>(new Error(text));
}

function loop(): void {
  while (true) calls++;
}

function eat(): void {
  const eaten: ArrayBuffer[] = [];
  while (true) eaten.push(new ArrayBuffer(1 << 20));
}

function flood(count: i32): Result<ArrayBuffer> {
  const line = String.UTF8.encode("flood");
  for (let i = 0; i < count; i++) hostCall("default", "logger", "trace", line);
  return answer(count.toString());
}

function call(rest: string): Result<ArrayBuffer> {
  const space = rest.indexOf(" ");
  const name = space < 0 ? rest : rest.substring(0, space);
  const input = space < 0 ? "" : rest.substring(space + 1);
  return hostCall("default", "function", name, String.UTF8.encode(input));
}

function traced(text: string): Result<ArrayBuffer> {
  trace(text, 2, 1.5, 2);
  return answer("");
}

export function __guest_call(operationSize: usize, payloadSize: usize): bool {
  return handleCall(operationSize, payloadSize);
}
