// Keys, signed notes and checkpoints: c2sp.org/signed-note, c2sp.org/tlog-checkpoint.

import { CannotTell, equal, fromBase64, parseDecimal, parseHash, require, toHex, type Bytes } from "./canonical";
import { sha256, type Head } from "./merkle";

const MAX_SIGNATURES = 100;
const ED25519 = 0x01;

export interface LogKey {
  name: string;
  id: Bytes;
  publicKey: Bytes;
  text: string;
}

export interface NoteSignature {
  name: string;
  id: Bytes;
  bytes: Bytes;
}

export interface Checkpoint extends Head {
  origin: string;
  signed: string;
  signatures: NoteSignature[];
}

async function keyId(name: string, material: Bytes): Promise<Bytes> {
  return (await sha256(new TextEncoder().encode(`${name}\n`), material)).slice(0, 4);
}

/** Reads a vkey, `name+hex+base64`, and recomputes its key id. */
export async function parseVkey(text: string): Promise<LogKey> {
  const first = text.indexOf("+");
  const second = text.indexOf("+", first + 1);
  require(first > 0 && second === first + 9, "a vkey looks like name+1a2b3c4d+base64");
  const name = text.slice(0, first);
  require(!/[\s\u0000-\u001f]/u.test(name), "the key's name holds a space");
  const material = fromBase64(text.slice(second + 1), "the key");
  require(material[0] === ED25519 && material.length === 1 + 32, "only Ed25519 log keys can be pinned");
  const id = await keyId(name, material);
  require(toHex(id) === text.slice(first + 1, second), "the key's id does not fit the key, so something in it is mistyped");
  return { name, id, publicKey: material.slice(1), text };
}

function parseSignature(line: string): NoteSignature {
  const parts = /^\u2014 ([^\s+]+) ([A-Za-z0-9+/=]+)$/u.exec(line);
  require(parts?.[1] && parts[2], "a signature line is malformed");
  const bytes = fromBase64(parts[2], "a signature");
  require(bytes.length >= 5, "a signature is too short");
  return { name: parts[1], id: bytes.slice(0, 4), bytes: bytes.slice(4) };
}

export function parseCheckpoint(text: string): Checkpoint {
  require(!/[\u0000-\u0009\u000b-\u001f]/.test(text) && !text.startsWith("\ufeff"), "the checkpoint holds control characters");
  const split = text.lastIndexOf("\n\n");
  require(split >= 0 && text.endsWith("\n"), "the checkpoint is not a signed note");
  const signatureLines = text.slice(split + 2, -1).split("\n");
  require(signatureLines.length <= MAX_SIGNATURES, "the checkpoint has too many signatures");
  const signed = text.slice(0, split + 1);
  const lines = signed.slice(0, -1).split("\n");
  const [origin, size, root] = lines;
  require(origin && size && root && lines.every((line) => line !== ""), "the checkpoint needs an origin, a size and a root");
  return { signed, signatures: signatureLines.map(parseSignature), origin, size: parseDecimal(size, "the size"), root: parseHash(root, "the root") };
}

/** Requires the checkpoint to be of the pinned key's log and signed by that key. */
export async function verifySignature(checkpoint: Checkpoint, key: LogKey): Promise<void> {
  require(checkpoint.origin === key.name, `the checkpoint is of ${checkpoint.origin}, the pinned key is of ${key.name}`);
  const mine = checkpoint.signatures.find((signature) => signature.name === key.name && equal(signature.id, key.id));
  require(mine, `the checkpoint carries no signature by the pinned key ${toHex(key.id)}`);
  let imported: CryptoKey;
  try {
    imported = await crypto.subtle.importKey("raw", key.publicKey, { name: "Ed25519" }, false, ["verify"]);
  } catch {
    throw new CannotTell("this browser cannot check Ed25519 signatures; use a current one, or the command below");
  }
  const signed = new TextEncoder().encode(checkpoint.signed);
  require(await crypto.subtle.verify({ name: "Ed25519" }, imported, mine.bytes, signed), "the pinned key's signature is wrong");
}
