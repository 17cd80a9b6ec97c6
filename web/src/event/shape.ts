// An entry as its reader may see it, and the facts that are drawn of it. Pure: nothing here draws.

import type { Entry, Item, Json } from "../api/types";
import { visible } from "../text/visible";

type Members = { [name: string]: Json };

export const isObject = (value: unknown): value is Members => value !== null && typeof value === "object" && !Array.isArray(value);
export const isEncrypted = (value: unknown): value is Members => isObject(value) && "$pii" in value;
export const isRedacted = (value: unknown): value is Members => isObject(value) && "$redacted" in value;

export type MaskKind = "on_request" | "never" | "gone";

// What is known of an encrypted value beside the entry, kept beside it as well: the value itself is compared with what was logged.
const masks = new WeakMap<object, MaskKind>();

export const maskOf = (value: object): MaskKind | undefined => masks.get(value);

/** Remembers why every encrypted value below a value is not seen. */
export function mask<T>(value: T, kind: MaskKind): T {
  if (isEncrypted(value)) {
    masks.set(value, kind);
  } else if (value !== null && typeof value === "object") {
    Object.values(value).forEach((member) => mask(member, kind));
  }
  return value;
}

/**
 * The entry as the reader may see it. The server sends personal values beside the entry, by JSON Pointer; null stands for
 * one that was erased or is damaged, whose encrypted form then stays. Where the reader is not shown them, it says so by `masked`.
 */
export function revealed(item: Pick<Item, "entry" | "personal" | "masked">): Entry {
  const entry = structuredClone(item.entry ?? {});
  for (const [pointer, value] of Object.entries(item.personal ?? {})) {
    const names = pointer.split("/").slice(1).map((name) => name.replaceAll("~1", "/").replaceAll("~0", "~"));
    const last = names.pop();
    const parent = names.reduce<unknown>((at, name) =>
      (at !== null && typeof at === "object" && Object.hasOwn(at, name) ? (at as Members)[name] : undefined), entry);
    if (value !== null && last !== undefined && parent !== null && typeof parent === "object" && Object.hasOwn(parent, last) && isEncrypted((parent as Members)[last])) {
      (parent as Members)[last] = value;
    }
  }
  return mask(entry, item.masked ? item.masked.revealed : "gone");
}

/** A member of an object, looked up as its own; undefined where the value is no object or has none. */
export const member = (value: unknown, name: string): Json | undefined => (isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined);

export const text = (value: unknown): string => (typeof value === "string" ? value : "");

export function actorName(actor: unknown): string {
  const name = member(actor, "name");
  return visible(typeof name === "string" && name ? name : member(actor, "id") ?? "");
}

/** What the list shows of an entry: little, since there may be a hundred thousand of them. */
export interface Row {
  index: number;
  time: string;
  actorId: string;
  actor: string;
  actorType: string;
  isPrivileged: boolean;
  action: string;
  targetType: string;
  target: string;
  moreTargets: number;
  outcome: string;
  effect: string;
  reason: string;
  source: Json | undefined;
  service: string;
}

export function rowOf(item: Item): Row {
  const entry = revealed(item);
  const targets = Array.isArray(entry["targets"]) ? entry["targets"] : [];
  const source = member(entry["source"], "ip") ?? member(entry["source"], "hostname");
  return {
    index: item.index,
    time: text(entry["time"]),
    actorId: text(member(entry["actor"], "id")),
    actor: actorName(entry["actor"]),
    actorType: text(member(entry["actor"], "type")) || "unknown",
    isPrivileged: member(entry["actor"], "privileged") === true,
    action: text(entry["action"]),
    targetType: text(member(targets[0], "type")),
    target: text(member(targets[0], "id")),
    moreTargets: Math.max(0, targets.length - 1),
    outcome: text(entry["outcome"]),
    effect: text(member(entry["decision"], "effect")),
    reason: text(member(entry["decision"], "reason")),
    source,
    service: text(member(entry["service"], "name")),
  };
}

/** Lists the scalars below a value as [path, value]; array places do not count in a path, as in queries. */
export function* scalars(path: string, value: Json): Generator<[path: string, value: Json]> {
  if (isEncrypted(value) || isRedacted(value) || value === null || typeof value !== "object") {
    yield [path, value];
  } else {
    for (const [name, below] of Object.entries(value)) {
      yield* scalars(Array.isArray(value) ? path : `${path}.${name}`, below);
    }
  }
}

/** Which members answer which question. What is in none of them is in the raw entry. */
export const QUESTIONS = [
  ["who", ["actor", "auth", "data_subjects"]],
  ["what", ["action", "category", "operation", "kind", "targets", "labels", "reason", "relates_to", "data"]],
  ["when", ["time", "observed_time", "received_at"]],
  ["where", ["source", "service"]],
  ["how", ["request", "trace", "ingest", "producer"]],
  ["allowed", ["outcome", "outcome_code", "outcome_reason", "decision"]],
] as const;

export const factsOf = (entry: Entry, members: readonly string[]): [path: string, value: Json][] =>
  members.filter((name) => Object.hasOwn(entry, name)).flatMap((name) => [...scalars(name, entry[name]!)]);
