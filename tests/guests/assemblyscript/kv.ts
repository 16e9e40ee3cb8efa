// The key-value store in the older JSON wire format, under the older SDK's binding.
import { hostCall } from "@wapc/as-guest/assembly";
import { decode, encode } from "./base64";

const BINDING = "default";

/** The stored text; null when there is none, or when the store fails. */
export function get(key: string): string | null {
  const reply = call("get", '{"key":' + quote(key) + "}");
  if (reply === null) return null;
  const from = reply.indexOf('"data":"');
  if (from < 0) return null;
  const end = reply.indexOf('"', from + 8);
  return String.UTF8.decode(decode(reply.substring(from + 8, end)));
}

export function set(key: string, value: string): bool {
  const data = encode(String.UTF8.encode(value));
  return call("set", '{"key":' + quote(key) + ',"data":"' + data + '"}') !== null;
}

function call(operation: string, request: string): string | null {
  const reply = hostCall(BINDING, "kvstore", operation, String.UTF8.encode(request));
  return reply.isOk ? compact(String.UTF8.decode(reply.get())) : null;
}

/** Without the space that some writers put after a key: base64 and the status have none that matters here. */
function compact(json: string): string {
  return json.replaceAll('": ', '":');
}

function quote(text: string): string {
  let quoted = '"';
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code == 0x22 || code == 0x5c) {
      quoted += "\\" + text.charAt(i);
    } else if (code < 0x20) {
      quoted += "\\u" + code.toString(16).padStart(4, "0");
    } else {
      quoted += text.charAt(i);
    }
  }
  return quoted + '"';
}
