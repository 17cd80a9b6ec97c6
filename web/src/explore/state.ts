// Everything that Explore shows follows from the URL: what is read from it here is written back the same.

import type { Asked } from "../api/logs";

export type Range = { kind: "all" } | { kind: "last"; span: string } | { kind: "between"; from: string; to: string };

export interface ExploreState {
  log: string;
  q: string;
  range: Range;
  index: number | null;
  tab: string;
  live: boolean;
  facets: string[];
}

export const DEFAULT_FACETS: readonly string[] = ["outcome", "action", "actor"];

const SPAN = /^([1-9][0-9]{0,3})([mhdw])$/;
const UNIT_MS: Record<string, number> = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };
const INDEX = /^(0|[1-9][0-9]{0,15})$/;

export const readIndex = (text: string | null): number | null => (text !== null && INDEX.test(text) ? Number(text) : null);

function readRange(params: URLSearchParams): Range {
  const last = params.get("last") ?? "";
  if (SPAN.test(last)) {
    return { kind: "last", span: last };
  }
  const from = readTime(params.get("from") ?? "") ?? "";
  const to = readTime(params.get("to") ?? "") ?? "";
  return from || to ? { kind: "between", from, to } : { kind: "all" };
}

export function readState(params: URLSearchParams): ExploreState {
  return {
    log: params.get("log") ?? "",
    q: params.get("q") ?? "",
    range: readRange(params),
    index: readIndex(params.get("index")),
    tab: params.get("tab") ?? "",
    live: params.get("live") === "1",
    facets: params.has("facets") ? params.get("facets")!.split(",").filter((name) => name !== "") : [...DEFAULT_FACETS],
  };
}

export function writeState(state: ExploreState): URLSearchParams {
  const params = new URLSearchParams({ log: state.log });
  const set = (name: string, value: string): void => void (value && params.set(name, value));
  set("q", state.q);
  if (state.range.kind === "last") {
    set("last", state.range.span);
  } else if (state.range.kind === "between") {
    set("from", state.range.from);
    set("to", state.range.to);
  }
  if (state.index !== null) {
    params.set("index", String(state.index));
    set("tab", state.tab);
  }
  set("live", state.live ? "1" : "");
  if (state.facets.join() !== DEFAULT_FACETS.join()) {
    params.set("facets", state.facets.join());
  }
  return params;
}

/** Reads a time in UTC as people write it: a day, a minute, a second. Null where it is none. */
export function readTime(text: string): string | null {
  const parts = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d)(?::(\d\d)(?:\.\d{1,7})?)?Z?)?$/.exec(text.trim());
  if (!parts) {
    return null;
  }
  const time = new Date(`${parts[1]}T${parts[2] ?? "00:00"}:${parts[3] ?? "00"}Z`);
  const iso = Number.isNaN(time.getTime()) ? "" : time.toISOString();
  return iso.startsWith(parts[1]!) ? iso.replace(".000Z", "Z") : null; // 30 February is no day.
}

export const toTime = (ms: number): string => new Date(ms).toISOString().replace(/\.\d{3}Z$/, "Z");

/** What is asked of the server at this moment. */
export function askedOf(state: Pick<ExploreState, "q" | "range">, now: number): Asked {
  const { q, range } = state;
  switch (range.kind) {
    case "all":
      return { q, from: "", to: "" };
    case "between":
      return { q, from: range.from, to: range.to };
    case "last": {
      const [, n, unit] = SPAN.exec(range.span)!;
      return { q, from: toTime(now - Number(n) * UNIT_MS[unit!]!), to: "" };
    }
  }
}
