// RFC 6962, 2.1: hashes of leaves and nodes, and what follows from inclusion and consistency proofs.

import { CannotTell, equal, require, type Bytes } from "./canonical";

export async function sha256(...parts: (Bytes | readonly number[])[]): Promise<Bytes> {
  if (!globalThis.crypto?.subtle) {
    throw new CannotTell("this browser offers its cryptography only over HTTPS or on localhost");
  }
  const input = new Uint8Array(parts.reduce((n, part) => n + part.length, 0));
  let at = 0;
  for (const part of parts) {
    input.set(part, at);
    at += part.length;
  }
  return new Uint8Array(await crypto.subtle.digest("SHA-256", input));
}

export const leafHash = (entry: Bytes): Promise<Bytes> => sha256([0x00], entry);
export const nodeHash = (left: Bytes, right: Bytes): Promise<Bytes> => sha256([0x01], left, right);

const bitLength = (n: bigint): number => (n === 0n ? 0 : n.toString(2).length);
const popCount = (n: bigint): number => n.toString(2).replaceAll("0", "").length;

/** One step of a path: the hash beside it, on which side it stands, and what the two give. */
export interface PathStep {
  sibling: Bytes;
  side: "left" | "right";
  result: Bytes;
}

/** Walks from a leaf to the root that it and its path lead to. The length of a path follows from index and size. */
export async function walkInclusion(leaf: Bytes, index: bigint, size: bigint, path: readonly Bytes[]): Promise<{ root: Bytes; steps: PathStep[] }> {
  require(index < size, `index ${index} is not below size ${size}`);
  const inner = bitLength(index ^ (size - 1n));
  const border = popCount(index >> BigInt(inner));
  require(path.length === inner + border, `the path has ${path.length} hashes, want ${inner + border}`);
  const steps: PathStep[] = [];
  let root = leaf;
  for (const [level, sibling] of path.entries()) {
    const isLeft = level >= inner || ((index >> BigInt(level)) & 1n) === 1n;
    root = isLeft ? await nodeHash(sibling, root) : await nodeHash(root, sibling);
    steps.push({ sibling, side: isLeft ? "left" : "right", result: root });
  }
  return { root, steps };
}

export interface Head {
  size: bigint;
  root: Bytes;
}

/** Requires the tree of `from` to be a prefix of the tree of `to`. */
export async function verifyConsistency(from: Head, to: Head, proof: readonly Bytes[]): Promise<void> {
  require(from.size > 0n && from.size <= to.size, `sizes ${from.size} and ${to.size} cannot be compared`);
  if (from.size === to.size) {
    require(proof.length === 0 && equal(from.root, to.root), `two different roots for size ${from.size}`);
    return;
  }
  let shift = 0;
  while (((from.size >> BigInt(shift)) & 1n) === 0n) {
    shift++;
  }
  const all = bitLength((from.size - 1n) ^ (to.size - 1n));
  const border = popCount((from.size - 1n) >> BigInt(all));
  const inner = all - shift;
  const isPowerOfTwo = from.size === 1n << BigInt(shift);
  const rest = isPowerOfTwo ? proof : proof.slice(1);
  require(isPowerOfTwo || proof.length > 0, "the consistency proof is empty");
  require(rest.length === inner + border, `the consistency proof has ${rest.length} hashes, want ${inner + border}`);

  const mask = (from.size - 1n) >> BigInt(shift);
  let oldHash = isPowerOfTwo ? from.root : proof[0]!;
  let newHash = oldHash;
  for (const [level, hash] of rest.entries()) {
    if (level >= inner || ((mask >> BigInt(level)) & 1n) === 1n) {
      oldHash = await nodeHash(hash, oldHash);
      newHash = await nodeHash(hash, newHash);
    } else {
      newHash = await nodeHash(newHash, hash);
    }
  }
  require(equal(oldHash, from.root) && equal(newHash, to.root), `size ${from.size} is not a prefix of size ${to.size}`);
}
