// Checks a C2SP tlog-proof in the browser. Pure: no document, no network; what it is given is untrusted, except the
// key that the reader pinned. Format: c2sp.org/tlog-proof.

import { decodeText, equal, fromBase64, parseDecimal, parseHash, require, toBase64, toHex, type Bytes } from "./canonical";
import { leafHash, walkInclusion, type Head, type PathStep } from "./merkle";
import { parseCheckpoint, verifySignature, type Checkpoint, type LogKey } from "./note";

const MAX_HASHES = 63;

interface TlogProof {
  index: bigint;
  path: Bytes[];
  checkpoint: Checkpoint;
}

export function parseProof(bytes: Bytes): TlogProof {
  const text = decodeText(bytes, "the proof");
  const split = text.indexOf("\n\n");
  require(split >= 0, "the proof has no empty line");
  const lines = text.slice(0, split).split("\n");
  require(lines.shift() === "c2sp.org/tlog-proof@v1", "the proof's first line is unknown");
  if (lines[0]?.startsWith("extra ")) {
    fromBase64(lines.shift()!.slice(6), "the extra line"); // Not authenticated: read past it, never used.
  }
  require(lines[0]?.startsWith("index "), "the proof has no index");
  const index = parseDecimal(lines.shift()!.slice(6), "the index");
  require(lines.length <= MAX_HASHES, `the proof has more than ${MAX_HASHES} hashes`);
  const path = lines.map((line, i) => parseHash(line, `hash ${i} of the proof`));
  return { index, path, checkpoint: parseCheckpoint(text.slice(split + 2)) };
}

export interface Facts extends Head {
  index: bigint;
  leaf: Bytes;
  steps: PathStep[];
  origin: string;
  /** True only where the pinned key's signature was verified. */
  signed: boolean;
  keyId: string | null;
  /** How many signatures on the checkpoint are not the log's own. */
  others: number;
}

/**
 * Verifies that an entry's exact bytes stand at an index under a signed checkpoint. `key` is the pinned one; without it
 * nothing is said about who signed.
 */
export async function verifyEntry(proofBytes: Bytes, entryBytes: Bytes, index: bigint, key: LogKey | null): Promise<Facts> {
  const proof = parseProof(proofBytes);
  require(proof.index === index, `the proof is for index ${proof.index}, asked was ${index}`);
  const leaf = await leafHash(entryBytes);
  const { root, steps } = await walkInclusion(leaf, proof.index, proof.checkpoint.size, proof.path);
  require(equal(root, proof.checkpoint.root),
    `entry and path lead to the root ${toBase64(root)}, the checkpoint says ${toBase64(proof.checkpoint.root)}`);
  if (key) {
    await verifySignature(proof.checkpoint, key);
  }
  const { origin, size, signatures } = proof.checkpoint;
  return {
    index, leaf, steps, origin, size, root, signed: key !== null, keyId: key && toHex(key.id), others: signatures.filter((s) => s.name !== origin).length,
  };
}

/** Reads the answer `{from,to,proof}` of the consistency route, which must be for exactly these sizes. */
export function parseConsistency(answer: unknown, from: bigint, to: bigint): Bytes[] {
  const { from: answeredFrom, to: answeredTo, proof } = (answer ?? {}) as { from?: unknown; to?: unknown; proof?: unknown };
  require(String(answeredFrom) === String(from) && String(answeredTo) === String(to) && Array.isArray(proof), "the consistency proof is for other sizes");
  require(proof.length <= MAX_HASHES, "the consistency proof is too long");
  return proof.map((hash, i) => parseHash(String(hash), `hash ${i} of the consistency proof`));
}
