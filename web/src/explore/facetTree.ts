import type { ValueCount } from "../api/types";
import { literal } from "./query";

export interface FacetRow {
  label: string;
  /** The part of a query that asks for it. */
  part: string;
  count: number;
  depth: number;
}

export const flat = (field: string, values: readonly ValueCount[]): FacetRow[] =>
  values.map(({ value, count }) => ({ label: value, part: `${field}:${literal(value)}`, count, depth: 0 }));

/** Actions under their first name, `invoice.*`, where there are several below it; the largest first. */
export function tree(field: string, values: readonly ValueCount[]): FacetRow[] {
  const groups = new Map<string, ValueCount[]>();
  for (const value of values) {
    const first = value.value.split(".")[0]!;
    groups.set(first, [...(groups.get(first) ?? []), value]);
  }
  const sum = (group: readonly ValueCount[]): number => group.reduce((n, one) => n + one.count, 0);
  return [...groups].sort(([, a], [, b]) => sum(b) - sum(a)).flatMap(([first, group]) => {
    const isPlain = /^[a-z0-9_-]+$/.test(first);
    return group.length < 2 || !isPlain
      ? flat(field, group)
      : [{ label: `${first}.*`, part: `${field}:${first}.*`, count: sum(group), depth: 0 }, ...flat(field, group).map((row) => ({ ...row, label: row.label.slice(first.length) || row.label, depth: 1 }))];
  });
}
