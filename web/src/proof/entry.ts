// What an entry's exact bytes say, and whether what is shown is what they say.

import type { Entry } from "../api/types";
import { NotValid, canonicalJson, decodeText, require, type Bytes } from "./canonical";

/** Reads an entry's exact bytes; refuses what two readers could read in two ways. */
export function parseEntry(bytes: Bytes): { value: Entry; text: string } {
  const text = decodeText(bytes, "the entry");
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new NotValid("the entry is not JSON");
  }
  require(value !== null && typeof value === "object" && !Array.isArray(value), "the entry is not an object");
  require(canonicalJson(value) === text, "the entry is not canonical JSON");
  return { value: value as Entry, text };
}

type Members = Record<string, unknown>;
const isObject = (value: unknown): value is Members => value !== null && typeof value === "object";

/**
 * Compares what is shown with the proven entry. Personal values may have been decrypted for the reader: where the
 * entry holds {"$pii":…}, anything may be shown, and is counted.
 */
export function countDecrypted(shown: unknown, proven: unknown, pointer = ""): number {
  if (isObject(proven) && !Array.isArray(proven) && "$pii" in proven) {
    return canonicalJson(shown) === canonicalJson(proven) ? 0 : 1;
  }
  if (!isObject(proven)) {
    require(shown === proven, `the value shown at ${pointer} is not the one in the log`);
    return 0;
  }
  require(isObject(shown) && Array.isArray(shown) === Array.isArray(proven), `the value shown at ${pointer || "the top"} is not the one in the log`);
  const names = Object.keys(proven);
  require(Object.keys(shown).length === names.length, `the members shown at ${pointer || "the top"} are not those in the log`);
  let decrypted = 0;
  for (const name of names) {
    require(Object.hasOwn(shown, name), `${pointer}/${name} of the log is not shown`);
    decrypted += countDecrypted(shown[name], proven[name], `${pointer}/${name}`);
  }
  return decrypted;
}
