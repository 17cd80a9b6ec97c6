// Puts the checks together: what was checked of one entry, and how it ended.

import { proof as fetchProof } from "../api/logs";
import { Problem, isAbort, isProblem, messageOf } from "../api/problem";
import type { Opening } from "../api/types";
import { NotValid, type Bytes } from "./canonical";
import { countDecrypted, parseEntry } from "./entry";
import { verifyEntry, type Facts } from "./inclusion";
import { countOpened, verifyOpening } from "./openings";
import { compareWithRemembered, pinnedKey, type Compared } from "./pins";
import type { LogKey } from "./note";

export type Verdict =
  | { kind: "checking" }
  | { kind: "proven"; facts: Facts; key: LogKey; compared: Compared; entryBytes: number; decrypted: number; opened: number; proof: Bytes }
  | { kind: "unpinned"; facts: Facts; entryBytes: number; decrypted: number; opened: number; proof: Bytes }
  | { kind: "bad"; reason: string; proof: Bytes | null }
  | { kind: "unsure"; reason: string; proof: Bytes | null };

/** What a check has to say that could not be made, or failed; what belongs to the session is thrown on. */
export function failed(error: unknown, proof: Bytes | null): Verdict {
  if (isAbort(error) || isProblem(error, 401)) {
    throw error;
  }
  return error instanceof NotValid ? { kind: "bad", reason: error.message, proof } : { kind: "unsure", reason: messageOf(error), proof };
}

/** The entry's exact bytes, what is shown of it, and the openings that the server gave to it. */
export interface ShownEntry {
  bytes: Bytes;
  shown: unknown;
  openings: readonly Opening[];
}

/** Fetches the proof of an entry and checks it, with what is shown of it, against the pinned key. */
export async function prove(log: string, index: number, { bytes, shown, openings }: ShownEntry, signal: AbortSignal): Promise<Verdict> {
  let proof: Bytes | null = null;
  try {
    proof = await fetchProof(log, index, signal);
    const key = await pinnedKey(log);
    const facts = await verifyEntry(proof, bytes, BigInt(index), key);
    const { value } = parseEntry(bytes);
    for (const opening of openings) {
      await verifyOpening(opening, value, facts.origin);
    }
    const told = { facts, entryBytes: bytes.length, decrypted: countDecrypted(shown, value), opened: countOpened(shown, openings), proof };
    return key ? { kind: "proven", key, compared: await compareWithRemembered(log, key, facts, signal), ...told } : { kind: "unpinned", ...told };
  } catch (error) {
    return failed(error, proof);
  }
}

/** Whether a refusal to hand out openings is no fault: another grant than that for reading lets the caller export. */
export const isRefusal = (error: unknown): boolean => error instanceof Problem;
