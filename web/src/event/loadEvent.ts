// Gets one entry: its exact bytes, what may be shown of it, and the verdict on its proof.

import * as api from "../api/logs";
import type { ReadEntry } from "../api/logs";
import { isAbort, isProblem } from "../api/problem";
import type { Entry, Item, Opening } from "../api/types";
import type { Bytes } from "../proof/canonical";
import { parseEntry } from "../proof/entry";
import { failed, isRefusal, prove, type Verdict } from "../proof/verdict";
import { mask, revealed } from "./shape";

export interface LoadedEvent {
  shown: Entry | null;
  bytes: Bytes | null;
  /** Why personal values are not seen; null where they are, or there are none. */
  hidden: "on_request" | "hidden" | null;
  verdict: Verdict;
}

/** Someone who moves through the list with j and k does not want a proof of every row he passes. */
const SETTLE_MS = 120;

const settle = (signal: AbortSignal): Promise<void> => new Promise((resume, stop) => {
  const timer = setTimeout(resume, SETTLE_MS);
  signal.addEventListener("abort", () => {
    clearTimeout(timer);
    stop(signal.reason as Error);
  });
});

async function openingsOf(log: string, index: number, mayExport: boolean, signal: AbortSignal): Promise<Opening[]> {
  if (!mayExport) {
    return [];
  }
  return api.openings(log, index, signal).catch((error: unknown) => {
    if (isRefusal(error) && !isProblem(error, 401)) {
      return [];
    }
    throw error;
  });
}

async function shownOf(log: string, index: number, entry: Entry, isSealed: boolean, read: ReadEntry, openings: Opening[], signal: AbortSignal): Promise<Entry> {
  const shown = isSealed && read.personal === "shown" && openings.length === 0
    ? await api.clear(log, index, signal)
    : revealed({ entry, personal: Object.fromEntries(openings.map((opening) => [opening.pointer, opening.value])) });
  return read.personal === "shown" ? shown : mask(shown, read.personal === "on_request" ? "on_request" : "never");
}

/**
 * Loads an event and checks its proof, telling each piece as it is there. `item` is what the list has of it, which is shown at once and
 * compared with what was logged. Whether the session is over is left to the caller: a 401 is thrown.
 */
export async function loadEvent(
  log: string, index: number, item: Item | null, mayExport: boolean, signal: AbortSignal, tell: (event: LoadedEvent) => void,
): Promise<void> {
  let event: LoadedEvent = { shown: item && revealed(item), bytes: null, hidden: null, verdict: { kind: "checking" } };
  const say = (change: Partial<LoadedEvent>): void => {
    event = { ...event, ...change };
    if (!signal.aborted) {
      tell(event);
    }
  };
  say({});
  await settle(signal);
  try {
    const read = await api.entry(log, index, signal);
    say({ bytes: read.bytes });
    const entry = parseEntry(read.bytes).value;
    const isSealed = JSON.stringify(entry).includes('{"$pii":');
    const openings = isSealed && read.personal === "shown" ? await openingsOf(log, index, mayExport, signal) : [];
    const shown = event.shown ?? await shownOf(log, index, entry, isSealed, read, openings, signal);
    say({ shown, hidden: isSealed && read.personal !== "shown" && !item?.personal ? read.personal : null });
    say({ verdict: await prove(log, index, { bytes: read.bytes, shown, openings }, signal) });
  } catch (error) {
    if (isAbort(error)) {
      return;
    }
    const { bytes } = event;
    const proof = bytes && await api.proof(log, index, signal).catch(() => null);
    say({ verdict: failed(error, proof) });
  }
}
