// The histogram's numbers. The server counts one query at a time: what failed and what is unknown is counted apart, the rest succeeded.

import * as api from "../api/logs";
import type { Asked } from "../api/logs";
import type { CountsAnswer } from "../api/types";
import { withPart } from "./query";

export interface Bucket {
  from: number;
  success: number;
  failure: number;
  unknown: number;
}

export interface Histogram {
  intervalMs: number;
  buckets: Bucket[];
  isTruncated: boolean;
}

const MAX_BUCKETS = 120;

/** Puts counts of all, of failures and of unknown outcomes together, with the empty intervals between; short intervals are joined. */
export function stack(all: CountsAnswer, failures: CountsAnswer | null, unknown: CountsAnswer | null): Histogram {
  const shortest = all.interval_seconds * 1000;
  const isTruncated = all.counted_from > 0;
  const starts = all.histogram.map((one) => Date.parse(one.from));
  if (starts.length === 0 || shortest <= 0) {
    return { intervalMs: shortest, buckets: [], isTruncated };
  }
  const first = starts.reduce((a, b) => Math.min(a, b));
  const span = starts.reduce((a, b) => Math.max(a, b)) - first + shortest;
  const intervalMs = shortest * Math.ceil(span / shortest / MAX_BUCKETS);
  const length = Math.ceil(span / intervalMs);
  const sums = (answer: CountsAnswer | null): number[] => {
    const into = new Array<number>(length).fill(0);
    for (const { from, count } of answer?.histogram ?? []) {
      const at = Math.floor((Date.parse(from) - first) / intervalMs);
      into[at] = (into[at] ?? 0) + count;
    }
    return into;
  };
  const [totals, failed, open] = [sums(all), sums(failures), sums(unknown)];
  return {
    intervalMs,
    isTruncated,
    buckets: Array.from({ length }, (_, i) => {
      const [failure, unknownHere] = [failed[i]!, open[i]!];
      return { from: first + i * intervalMs, failure, unknown: unknownHere, success: Math.max(0, totals[i]! - failure - unknownHere) };
    }),
  };
}

export async function loadHistogram(log: string, asked: Asked, asOf: number, signal: AbortSignal): Promise<Histogram> {
  const all = await api.counts(log, asked, { by: "outcome", as_of: asOf }, signal);
  const of = async (outcome: string): Promise<CountsAnswer | null> => {
    const isThere = all.values?.some((value) => value.value === outcome && value.count < all.total.value) ?? false;
    const isAll = all.values?.some((value) => value.value === outcome && value.count === all.total.value) ?? false;
    return isAll ? all : isThere
      ? api.counts(log, { ...asked, q: withPart(asked.q, `outcome:${outcome}`) }, { interval: `${all.interval_seconds}s`, as_of: asOf }, signal)
      : null;
  };
  return stack(all, await of("failure"), await of("unknown"));
}

/** The range that a brush over the picture covers, in whole intervals. */
export function brushed(histogram: Histogram, start: number, end: number): [from: number, to: number] {
  const { buckets, intervalMs } = histogram;
  const at = (fraction: number): number => Math.min(buckets.length - 1, Math.max(0, Math.floor(fraction * buckets.length)));
  const [low, high] = [at(Math.min(start, end)), at(Math.max(start, end))];
  return [buckets[low]!.from, buckets[high]!.from + intervalMs];
}
