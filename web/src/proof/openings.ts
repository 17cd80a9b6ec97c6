// Personal values that the server discloses, against the commitments that the entry holds.

import type { Entry, Opening } from "../api/types";
import { canonicalJson, equal, parseHash, require, type Bytes } from "./canonical";
import { sha256 } from "./merkle";

const PII = "indelible.dev/pii/v1 ";
const PADDED_TO = 32;

/** LP(s): the length of the UTF-8 bytes as unsigned 16-bit big-endian, then the bytes. */
function prefixed(text: string): [number[], Bytes] {
  const bytes = new TextEncoder().encode(text);
  require(bytes.length <= 0xffff, "a text is too long for its length");
  return [[bytes.length >> 8, bytes.length & 0xff], bytes];
}

/** The value at a JSON Pointer; undefined where there is none. Names are looked up as own members only. */
export function valueAt(value: unknown, pointer: string): unknown {
  const names = pointer.split("/").slice(1).map((name) => name.replaceAll("~1", "/").replaceAll("~0", "~"));
  return names.reduce<unknown>((at, name) =>
    (at !== null && typeof at === "object" && Object.hasOwn(at, name) ? (at as Record<string, unknown>)[name] : undefined), value);
}

const toStandard = (text: string): string => text.replaceAll("-", "+").replaceAll("_", "/") + "=".repeat((4 - (text.length % 4)) % 4);

/**
 * Requires a disclosed personal value to be the one that the entry commits to, in this log, entry and place:
 * com = SHA-256(T"com" || 0x00 || LP(origin) || LP(id) || LP(pointer) || r || value in JCS, padded with spaces to 32 bytes).
 */
export async function verifyOpening(opening: Opening, proven: Entry, origin: string): Promise<void> {
  const pointer = String(opening.pointer);
  const commitment = valueAt(proven, `${pointer}/$pii/com`);
  require(typeof commitment === "string", `there is no personal value at ${pointer}`);
  const com = parseHash(toStandard(commitment), `the commitment at ${pointer}`);
  const r = parseHash(toStandard(String(opening.r)), `the opening at ${pointer}`);
  require(typeof proven["id"] === "string", "the entry has no id");
  const plain = new TextEncoder().encode(canonicalJson(opening.value));
  const padded = new Uint8Array(Math.ceil(plain.length / PADDED_TO) * PADDED_TO).fill(0x20);
  padded.set(plain);
  const hash = await sha256(new TextEncoder().encode(`${PII}com`), [0], ...prefixed(origin), ...prefixed(proven["id"]), ...prefixed(pointer), r, padded);
  require(equal(hash, com), `the personal value disclosed for ${pointer} is not the one that was logged`);
}

/** How many of the shown values are those that verified openings disclose. */
export function countOpened(shown: unknown, openings: readonly Opening[]): number {
  const each = new Map(openings.map((opening) => [opening.pointer, opening])); // Two copies of one opening are one value.
  return [...each.values()].filter((opening) => {
    const value = valueAt(shown, opening.pointer);
    return value !== undefined && canonicalJson(value) === canonicalJson(opening.value);
  }).length;
}
