// Adds one to the counter that the payload names and answers with its new value.
import { handleCall, register, Result } from "@wapc/as-guest/assembly";
import * as kv from "./kv";

export function wapc_init(): void {
  register("handler", count);
}

function count(payload: ArrayBuffer): Result<ArrayBuffer> {
  const name = payload.byteLength == 0 ? "counter" : String.UTF8.decode(payload);
  const found = kv.get(name);
  const next = ((found === null ? 0 : I64.parseInt(found)) + 1).toString();
  if (!kv.set(name, next)) return Result.error<ArrayBuffer>(new Error("cannot store the counter"));
  return Result.ok(String.UTF8.encode(next));
}

export function __guest_call(operationSize: usize, payloadSize: usize): bool {
  return handleCall(operationSize, payloadSize);
}
