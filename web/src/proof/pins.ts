// What this browser remembers: public keys that the reader pinned, and the largest head verified under each. Nothing else is kept.

import { consistency } from "../api/logs";
import { fromBase64, NotValid, toBase64 } from "./canonical";
import { parseConsistency, type Facts } from "./inclusion";
import { verifyConsistency, type Head } from "./merkle";
import { parseVkey, type LogKey } from "./note";

const PIN = "indelible.pin:";
const HEAD = "indelible.head:";

export async function pinnedKey(log: string): Promise<LogKey | null> {
  const text = localStorage.getItem(PIN + log);
  return text ? parseVkey(text) : null;
}

export const isPinned = (log: string): boolean => localStorage.getItem(PIN + log) !== null;

/** Pins a key, which must be of a log of this name. */
export async function pin(log: string, text: string): Promise<void> {
  const key = await parseVkey(text.trim());
  if (!key.name.endsWith(`/logs/${log}`)) {
    throw new NotValid(`this key is of ${key.name}, not of a log called ${log}`);
  }
  localStorage.setItem(PIN + log, key.text);
}

export const unpin = (log: string): void => localStorage.removeItem(PIN + log);

/** How a verified head stands to the largest one that this browser has verified under the same key. */
export type Compared = { kind: "first" } | { kind: "same"; size: bigint } | { kind: "prefix"; from: bigint; to: bigint };

export async function compareWithRemembered(log: string, key: LogKey, facts: Facts, signal: AbortSignal): Promise<Compared> {
  const stored = JSON.parse(localStorage.getItem(HEAD + key.text) ?? "null") as { size: string; root: string } | null;
  const remember = () => localStorage.setItem(HEAD + key.text, JSON.stringify({ size: String(facts.size), root: toBase64(facts.root) }));
  if (!stored) {
    remember();
    return { kind: "first" };
  }
  const seen: Head = { size: BigInt(stored.size), root: fromBase64(stored.root, "the remembered root") };
  const [from, to] = seen.size <= facts.size ? [seen, facts] : [facts, seen];
  const path = from.size === to.size ? [] : parseConsistency(await consistency(log, from.size, to.size, signal), from.size, to.size);
  await verifyConsistency(from, to, path);
  if (facts.size > seen.size) {
    remember();
  }
  return from.size === to.size ? { kind: "same", size: seen.size } : { kind: "prefix", from: from.size, to: to.size };
}
