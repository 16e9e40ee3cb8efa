// Base64 with padding, as the JSON wire format carries bytes.
const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

export function encode(buffer: ArrayBuffer): string {
  const bytes = Uint8Array.wrap(buffer);
  let text = "";
  for (let i = 0; i < bytes.length; i += 3) {
    const left = bytes.length - i;
    const group = (<u32>bytes[i] << 16) | (left > 1 ? <u32>bytes[i + 1] << 8 : 0) | (left > 2 ? <u32>bytes[i + 2] : 0);
    text += ALPHABET.charAt((group >> 18) & 63) + ALPHABET.charAt((group >> 12) & 63);
    text += left > 1 ? ALPHABET.charAt((group >> 6) & 63) : "=";
    text += left > 2 ? ALPHABET.charAt(group & 63) : "=";
  }
  return text;
}

export function decode(text: string): ArrayBuffer {
  let length = (text.length / 4) * 3;
  if (text.endsWith("==")) length -= 2;
  else if (text.endsWith("=")) length -= 1;
  const bytes = new Uint8Array(length);
  let at = 0;
  for (let i = 0; i + 3 < text.length; i += 4) {
    const group = (value(text, i) << 18) | (value(text, i + 1) << 12) | (value(text, i + 2) << 6) | value(text, i + 3);
    for (let shift = 16; shift >= 0 && at < length; shift -= 8) bytes[at++] = <u8>(group >> shift);
  }
  return bytes.buffer;
}

function value(text: string, at: i32): u32 {
  const found = ALPHABET.indexOf(text.charAt(at));
  return found < 0 ? 0 : found;
}
