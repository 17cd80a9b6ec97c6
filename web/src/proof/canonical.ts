// Bytes, numbers and JSON of which only the one canonical form is accepted. Everything that comes in is untrusted.

export const HASH_BYTES = 32;

/** A fault of what is checked. Anything else that is thrown means that the check could not be made. */
export class NotValid extends Error {}

/** The browser lacks what the check needs. */
export class CannotTell extends Error {}

export function require(condition: unknown, message: string): asserts condition {
  if (!condition) {
    throw new NotValid(message);
  }
}

export type Bytes = Uint8Array<ArrayBuffer>;

export function decodeText(bytes: Bytes, what: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new NotValid(`${what} is not UTF-8`);
  }
}

export function fromBase64(text: string, what: string): Bytes {
  let binary: string;
  try {
    binary = atob(text);
  } catch {
    throw new NotValid(`${what} is not base64`);
  }
  require(btoa(binary) === text, `${what} is not canonical base64`);
  return Uint8Array.from(binary, (c) => c.charCodeAt(0));
}

export const toBase64 = (bytes: Bytes): string => btoa(String.fromCharCode(...bytes));
export const toHex = (bytes: Bytes): string => Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join("");
export const equal = (a: Bytes, b: Bytes): boolean => a.length === b.length && a.every((x, i) => x === b[i]);

export function parseDecimal(text: string, what: string): bigint {
  require(/^(0|[1-9][0-9]{0,18})$/.test(text), `${what} is not a canonical decimal`);
  const value = BigInt(text);
  require(value < 1n << 63n, `${what} is too large`);
  return value;
}

export function parseHash(text: string, what: string): Bytes {
  const bytes = fromBase64(text, what);
  require(bytes.length === HASH_BYTES, `${what} is ${bytes.length} bytes, want ${HASH_BYTES}`);
  return bytes;
}

/** RFC 8785 is defined by what ECMAScript writes, so sorting the members is all there is to it. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) {
    return `[${value.map(canonicalJson).join(",")}]`;
  }
  if (value !== null && typeof value === "object") {
    const object = value as Record<string, unknown>;
    return `{${Object.keys(object).sort().map((name) => `${JSON.stringify(name)}:${canonicalJson(object[name])}`).join(",")}}`;
  }
  return JSON.stringify(value);
}
