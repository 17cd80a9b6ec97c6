// Checks a C2SP tlog-proof in the browser. Pure: no document, no network; what it is given is untrusted, except the
// key that the reader pinned. Formats: c2sp.org/signed-note, tlog-checkpoint, tlog-proof; hashing: RFC 6962, 2.1.

const HASH_BYTES = 32;
const MAX_HASHES = 63;
const MAX_SIGNATURES = 100;
const ED25519 = 0x01;

/** A fault of what is checked. Anything else that is thrown means that the check could not be made. */
export class NotValid extends Error {}

/** The browser lacks what the check needs. */
export class CannotTell extends Error {}

function require(condition, message) {
  if (!condition) {
    throw new NotValid(message);
  }
}

// ---- text and numbers: only the one canonical form of each is accepted

function decodeText(bytes, what) {
  let text;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new NotValid(`${what} is not UTF-8`);
  }
  return text;
}

export function fromBase64(text, what) {
  let binary;
  try {
    binary = atob(text);
  } catch {
    throw new NotValid(`${what} is not base64`);
  }
  require(btoa(binary) === text, `${what} is not canonical base64`);
  return Uint8Array.from(binary, (c) => c.charCodeAt(0));
}

export const toBase64 = (bytes) => btoa(String.fromCharCode(...bytes));
const toHex = (bytes) => Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join("");
const equal = (a, b) => a.length === b.length && a.every((x, i) => x === b[i]);

function parseDecimal(text, what) {
  require(/^(0|[1-9][0-9]{0,18})$/.test(text), `${what} is not a canonical decimal`);
  const value = BigInt(text);
  require(value < 1n << 63n, `${what} is too large`);
  return value;
}

function parseHash(text, what) {
  const bytes = fromBase64(text, what);
  require(bytes.length === HASH_BYTES, `${what} is ${bytes.length} bytes, want ${HASH_BYTES}`);
  return bytes;
}

// ---- RFC 6962

async function sha256(...parts) {
  if (!globalThis.crypto?.subtle) {
    throw new CannotTell("this browser offers its cryptography only over HTTPS or on localhost");
  }
  const input = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));
  let at = 0;
  for (const part of parts) {
    input.set(part, at);
    at += part.length;
  }
  return new Uint8Array(await crypto.subtle.digest("SHA-256", input));
}

export const leafHash = (entry) => sha256([0x00], entry);
const nodeHash = (left, right) => sha256([0x01], left, right);

const bitLength = (n) => (n === 0n ? 0 : n.toString(2).length);
const popCount = (n) => n.toString(2).replaceAll("0", "").length;

/** The root that a leaf and its path lead to. The length of a path follows from index and size. */
export async function rootFromInclusion(leaf, index, size, path) {
  require(index < size, `index ${index} is not below size ${size}`);
  const inner = bitLength(index ^ (size - 1n));
  const border = popCount(index >> BigInt(inner));
  require(path.length === inner + border, `the path has ${path.length} hashes, want ${inner + border}`);
  let hash = leaf;
  for (let level = 0; level < path.length; level++) {
    const right = level >= inner || ((index >> BigInt(level)) & 1n) === 1n;
    hash = right ? await nodeHash(path[level], hash) : await nodeHash(hash, path[level]);
  }
  return hash;
}

/** Requires the tree of size `from` to be a prefix of the tree of size `to`. */
export async function verifyConsistency(from, fromRoot, to, toRoot, proof) {
  require(from > 0n && from <= to, `sizes ${from} and ${to} cannot be compared`);
  if (from === to) {
    require(proof.length === 0 && equal(fromRoot, toRoot), `two different roots for size ${from}`);
    return;
  }
  let shift = 0;
  while (((from >> BigInt(shift)) & 1n) === 0n) {
    shift++;
  }
  const all = bitLength((from - 1n) ^ (to - 1n));
  const border = popCount((from - 1n) >> BigInt(all));
  const inner = all - shift;
  const powerOfTwo = from === 1n << BigInt(shift);
  const rest = powerOfTwo ? proof : proof.slice(1);
  require(powerOfTwo || proof.length > 0, "the consistency proof is empty");
  require(rest.length === inner + border, `the consistency proof has ${rest.length} hashes, want ${inner + border}`);

  const mask = (from - 1n) >> BigInt(shift);
  let oldHash = powerOfTwo ? fromRoot : proof[0];
  let newHash = oldHash;
  for (let level = 0; level < rest.length; level++) {
    if (level >= inner || ((mask >> BigInt(level)) & 1n) === 1n) {
      oldHash = await nodeHash(rest[level], oldHash);
      newHash = await nodeHash(rest[level], newHash);
    } else {
      newHash = await nodeHash(newHash, rest[level]);
    }
  }
  require(equal(oldHash, fromRoot) && equal(newHash, toRoot), `size ${from} is not a prefix of size ${to}`);
}

// ---- keys and notes

async function keyId(name, material) {
  return (await sha256(new TextEncoder().encode(`${name}\n`), material)).slice(0, 4);
}

/** Reads a vkey, `name+hex+base64`, and recomputes its key id. */
export async function parseVkey(text) {
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

function parseNote(text) {
  require(!/[\u0000-\u0009\u000b-\u001f]/.test(text) && !text.startsWith("\ufeff"), "the checkpoint holds control characters");
  const split = text.lastIndexOf("\n\n");
  require(split >= 0 && text.endsWith("\n"), "the checkpoint is not a signed note");
  const lines = text.slice(split + 2, -1).split("\n");
  require(lines.length <= MAX_SIGNATURES, "the checkpoint has too many signatures");
  const signatures = lines.map((line) => {
    const parts = /^\u2014 ([^\s+]+) ([A-Za-z0-9+/=]+)$/u.exec(line);
    require(parts, "a signature line is malformed");
    const bytes = fromBase64(parts[2], "a signature");
    require(bytes.length >= 5, "a signature is too short");
    return { name: parts[1], id: bytes.slice(0, 4), bytes: bytes.slice(4) };
  });
  return { signed: text.slice(0, split + 1), signatures };
}

function parseCheckpoint(text) {
  const note = parseNote(text);
  const lines = note.signed.slice(0, -1).split("\n");
  require(lines.length >= 3 && lines.every((line) => line !== ""), "the checkpoint needs an origin, a size and a root");
  return { ...note, origin: lines[0], size: parseDecimal(lines[1], "the size"), root: parseHash(lines[2], "the root") };
}

async function verifySignature(checkpoint, key) {
  require(checkpoint.origin === key.name, `the checkpoint is of ${checkpoint.origin}, the pinned key is of ${key.name}`);
  const mine = checkpoint.signatures.find((s) => s.name === key.name && equal(s.id, key.id));
  require(mine, `the checkpoint carries no signature by the pinned key ${toHex(key.id)}`);
  let imported;
  try {
    imported = await crypto.subtle.importKey("raw", key.publicKey, { name: "Ed25519" }, false, ["verify"]);
  } catch {
    throw new CannotTell("this browser cannot check Ed25519 signatures; use a current one, or the command below");
  }
  const signed = new TextEncoder().encode(checkpoint.signed);
  require(await crypto.subtle.verify("Ed25519", imported, mine.bytes, signed), "the pinned key's signature is wrong");
}

// ---- the proof

function parseProof(bytes) {
  const text = decodeText(bytes, "the proof");
  const split = text.indexOf("\n\n");
  require(split >= 0, "the proof has no empty line");
  const lines = text.slice(0, split).split("\n");
  require(lines.shift() === "c2sp.org/tlog-proof@v1", "the proof's first line is unknown");
  if (lines[0]?.startsWith("extra ")) {
    fromBase64(lines.shift().slice(6), "the extra line"); // Not authenticated: read past it, never used.
  }
  require(lines[0]?.startsWith("index "), "the proof has no index");
  const index = parseDecimal(lines.shift().slice(6), "the index");
  require(lines.length <= MAX_HASHES, `the proof has more than ${MAX_HASHES} hashes`);
  const path = lines.map((line, i) => parseHash(line, `hash ${i} of the proof`));
  return { index, path, checkpoint: parseCheckpoint(text.slice(split + 2)) };
}

/** RFC 8785 is defined by what ECMAScript writes, so sorting the members is all there is to it. */
function canonicalJson(value) {
  if (Array.isArray(value)) {
    return `[${value.map(canonicalJson).join(",")}]`;
  }
  if (value !== null && typeof value === "object") {
    const members = Object.keys(value).sort().map((name) => `${JSON.stringify(name)}:${canonicalJson(value[name])}`);
    return `{${members.join(",")}}`;
  }
  return JSON.stringify(value);
}

/** Reads an entry's exact bytes; refuses what two readers could read in two ways. */
export function parseEntry(bytes) {
  const text = decodeText(bytes, "the entry");
  let value;
  try {
    value = JSON.parse(text);
  } catch {
    throw new NotValid("the entry is not JSON");
  }
  require(value !== null && typeof value === "object" && !Array.isArray(value), "the entry is not an object");
  require(canonicalJson(value) === text, "the entry is not canonical JSON");
  return { value, text };
}

/**
 * Compares what is shown with the proven entry. Personal values may have been decrypted for the reader: where the
 * entry holds {"$pii":…}, anything may be shown, and is counted.
 */
export function countDecrypted(shown, proven, pointer = "") {
  if (proven !== null && typeof proven === "object" && !Array.isArray(proven) && "$pii" in proven) {
    return canonicalJson(shown) === canonicalJson(proven) ? 0 : 1;
  }
  if (proven === null || typeof proven !== "object") {
    require(shown === proven, `the value shown at ${pointer} is not the one in the log`);
    return 0;
  }
  require(shown !== null && typeof shown === "object" && Array.isArray(shown) === Array.isArray(proven),
    `the value shown at ${pointer || "the top"} is not the one in the log`);
  const names = Object.keys(proven);
  require(Object.keys(shown).length === names.length, `the members shown at ${pointer || "the top"} are not those in the log`);
  let decrypted = 0;
  for (const name of names) {
    require(Object.hasOwn(shown, name), `${pointer}/${name} of the log is not shown`);
    decrypted += countDecrypted(shown[name], proven[name], `${pointer}/${name}`);
  }
  return decrypted;
}

/**
 * Verifies that an entry's exact bytes stand at an index under a signed checkpoint.
 * @param {Uint8Array} proofBytes the tlog-proof file
 * @param {Uint8Array} entryBytes the entry, exactly as logged
 * @param {bigint} index the index that was asked for
 * @param {?object} key the pinned key, from parseVkey; without one nothing is said about who signed
 * @returns facts; `signed` is true only where the pinned key's signature was verified
 */
export async function verifyEntry(proofBytes, entryBytes, index, key) {
  const proof = parseProof(proofBytes);
  require(proof.index === index, `the proof is for index ${proof.index}, asked was ${index}`);
  const leaf = await leafHash(entryBytes);
  const root = await rootFromInclusion(leaf, proof.index, proof.checkpoint.size, proof.path);
  require(equal(root, proof.checkpoint.root),
    `entry and path lead to the root ${toBase64(root)}, the checkpoint says ${toBase64(proof.checkpoint.root)}`);
  if (key) {
    await verifySignature(proof.checkpoint, key);
  }
  return {
    index,
    leaf: toBase64(leaf),
    hashes: proof.path.length,
    origin: proof.checkpoint.origin,
    size: proof.checkpoint.size,
    root: proof.checkpoint.root,
    signed: Boolean(key),
    keyId: key ? toHex(key.id) : null,
    others: proof.checkpoint.signatures.filter((s) => s.name !== proof.checkpoint.origin).length,
  };
}

const PII = "indelible.dev/pii/v1 ";

/** LP(s): the length of the UTF-8 bytes as unsigned 16-bit big-endian, then the bytes. */
function prefixed(text) {
  const bytes = new TextEncoder().encode(text);
  require(bytes.length <= 0xffff, "a text is too long for its length");
  return [[bytes.length >> 8, bytes.length & 0xff], bytes];
}

function valueAt(value, pointer) {
  const names = pointer.split("/").slice(1).map((name) => name.replaceAll("~1", "/").replaceAll("~0", "~"));
  return names.reduce((at, name) => (at !== null && typeof at === "object" && Object.hasOwn(at, name) ? at[name] : undefined), value);
}

/**
 * Requires a disclosed personal value to be the one that the entry commits to, in this log, entry and place:
 * com = SHA-256(T"com" || 0x00 || LP(origin) || LP(id) || LP(pointer) || r || value in JCS, padded with spaces to 32 bytes).
 */
export async function verifyOpening(opening, proven, origin) {
  const pointer = String(opening.pointer);
  const sealed = valueAt(proven, pointer)?.$pii;
  require(typeof sealed?.com === "string", `there is no personal value at ${pointer}`);
  const toStandard = (text) => text.replaceAll("-", "+").replaceAll("_", "/") + "=".repeat((4 - (text.length % 4)) % 4);
  const com = parseHash(toStandard(sealed.com), `the commitment at ${pointer}`);
  const r = parseHash(toStandard(String(opening.r)), `the opening at ${pointer}`);
  const plain = new TextEncoder().encode(canonicalJson(opening.value));
  const padded = new Uint8Array(Math.ceil(plain.length / 32) * 32).fill(0x20);
  padded.set(plain);
  const hash = await sha256(new TextEncoder().encode(`${PII}com`), [0], ...prefixed(origin), ...prefixed(proven.id), ...prefixed(pointer), r, padded);
  require(equal(hash, com), `the personal value disclosed for ${pointer} is not the one that was logged`);
}

/** How many of the shown values are those that verified openings disclose. */
export function countOpened(shown, openings) {
  const each = new Map(openings.map((opening) => [opening.pointer, opening])); // Two copies of one opening are one value.
  return [...each.values()].filter((opening) => {
    const value = valueAt(shown, opening.pointer);
    return value !== undefined && canonicalJson(value) === canonicalJson(opening.value);
  }).length;
}

/** Reads the answer `{from,to,proof}` of the consistency route, which must be for exactly these sizes. */
export function parseConsistency(answer, from, to) {
  require(answer && BigInt(answer.from) === from && BigInt(answer.to) === to && Array.isArray(answer.proof),
    "the consistency proof is for other sizes");
  require(answer.proof.length <= MAX_HASHES, "the consistency proof is too long");
  return answer.proof.map((hash, i) => parseHash(String(hash), `hash ${i} of the consistency proof`));
}
