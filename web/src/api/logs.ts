import { bytes, change, json, logPath, request } from "./request";
import type { ContextAnswer, CountsAnswer, Entry, Item, Me, Opening, SearchAnswer } from "./types";

/** Who is signed in, and what he may do with which log. */
export const me = (): Promise<Me> => json<Me>("api/me");

/** What is asked of a log: a query, and a range of time as the server reads it; an empty end is none. */
export interface Asked {
  q: string;
  from: string;
  to: string;
}

/** The parameters that are given; those that are empty are left out. */
export function parameters(values: Record<string, string | number | undefined>): URLSearchParams {
  const given = Object.entries(values).filter(([, value]) => value !== undefined && value !== "");
  return new URLSearchParams(given.map(([name, value]) => [name, String(value)]));
}

export const search = (log: string, asked: Asked, more: { limit: number; cursor?: string }, signal?: AbortSignal): Promise<SearchAnswer> =>
  json(`${logPath(log)}/events?${parameters({ ...asked, ...more })}`, { signal });

export const counts = (log: string, asked: Asked, more: { by?: string; top?: number; interval?: string; as_of?: number }, signal?: AbortSignal): Promise<CountsAnswer> =>
  json(`${logPath(log)}/counts?${parameters({ ...asked, ...more })}`, { signal });

export interface ReadEntry {
  bytes: Uint8Array<ArrayBuffer>;
  personal: "shown" | "on_request" | "hidden";
}

/** An entry's bytes, and what its reader is shown of personal values. */
export async function entry(log: string, index: number, signal?: AbortSignal): Promise<ReadEntry> {
  const response = await request(`${logPath(log)}/events/${index}`, { signal });
  const personal = response.headers.get("Indelible-Personal");
  return { bytes: new Uint8Array(await response.arrayBuffer()), personal: personal === "shown" || personal === "on_request" ? personal : "hidden" };
}

export const clear = (log: string, index: number, signal?: AbortSignal): Promise<Entry> => json(`${logPath(log)}/events/${index}?view=clear`, { signal });

/** The entry as search shows it, with its personal values. The reason is recorded first. */
export const reveal = async (log: string, index: number, reason: string): Promise<Item> => (await change(`${logPath(log)}/events/${index}/reveal`, {
  method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ reason }),
})).json() as Promise<Item>;

export const openings = async (log: string, index: number, signal?: AbortSignal): Promise<Opening[]> =>
  (await json<{ openings?: Opening[] }>(`${logPath(log)}/events/${index}?openings=true`, { signal })).openings ?? [];

export const proof = (log: string, index: number, signal?: AbortSignal): Promise<Uint8Array<ArrayBuffer>> => bytes(`${logPath(log)}/events/${index}/proof`, { signal });

export const consistency = (log: string, from: bigint, to: bigint, signal?: AbortSignal): Promise<unknown> =>
  json(`${logPath(log)}/consistency?from=${from}&to=${to}`, { signal });

export const context = (log: string, index: number, limit: number, signal?: AbortSignal): Promise<ContextAnswer> =>
  json(`${logPath(log)}/events/${index}/context?limit=${limit}`, { signal });

/** Where a browser downloads everything that matches. */
export const exportUrl = (log: string, asked: Asked, format: string): string => `${logPath(log)}/export?${parameters({ ...asked, format })}`;
