/** Arrays that Python wrote as base64, little-endian. */

export function bytes(encoded: string): Uint8Array {
  return Uint8Array.from(atob(encoded), (sign) => sign.charCodeAt(0));
}

export function shorts(encoded: string): Int16Array {
  return new Int16Array(bytes(encoded).buffer);
}
