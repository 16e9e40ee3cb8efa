// Answers with the payload.
import { handleAbort, handleCall, register, Result } from "@wapc/as-guest/assembly";

export function wapc_init(): void {
  register("handler", echo);
}

function echo(payload: ArrayBuffer): Result<ArrayBuffer> {
  return Result.ok(payload);
}

export function __guest_call(operationSize: usize, payloadSize: usize): bool {
  return handleCall(operationSize, payloadSize);
}

export function abort(message: string | null, file: string | null, line: u32, column: u32): void {
  handleAbort(message, file, line, column);
}
