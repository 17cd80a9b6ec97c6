import { describe, expect, test } from "vitest";
import { leafHash, verifyConsistency, walkInclusion } from "../src/proof/merkle";
import { fromHex, toHex, utf8, vectors } from "./bytes";

const roots = vectors.roots_entry_i as Record<string, string>;
const inclusions = Object.entries(vectors.incl as Record<string, string[]>);
const consistencies = Object.entries(vectors.cons as Record<string, string[]>);
const flip = (hex: string): string => (hex[0] === "0" ? "1" : "0") + hex.slice(1);

describe("inclusion", () => {
  test.each(inclusions)("the path of %s leads to the published root", async (name, path) => {
    const [index, size] = name.split("/").map(BigInt) as [bigint, bigint];
    const { root, steps } = await walkInclusion(await leafHash(utf8(`entry-${index}`)), index, size, path.map(fromHex));
    expect(toHex(root)).toBe(roots[String(size)]);
    expect(steps).toHaveLength(path.length);
  });

  test.each(inclusions.filter(([, path]) => path.length > 0))("no altered hash of %s leads there", async (name, path) => {
    const [index, size] = name.split("/").map(BigInt) as [bigint, bigint];
    for (let i = 0; i < path.length; i++) {
      const altered = path.map((hash, at) => fromHex(at === i ? flip(hash) : hash));
      const { root } = await walkInclusion(await leafHash(utf8(`entry-${index}`)), index, size, altered);
      expect(toHex(root)).not.toBe(roots[String(size)]);
    }
  });

  test("a path that is too short or too long is refused", async () => {
    const leaf = await leafHash(utf8("entry-3"));
    const path = (vectors.incl as Record<string, string[]>)["3/7"]!.map(fromHex);
    await expect(walkInclusion(leaf, 3n, 7n, path.slice(1))).rejects.toThrow("the path has 2 hashes, want 3");
    await expect(walkInclusion(leaf, 3n, 7n, [...path, path[0]!])).rejects.toThrow("the path has 4 hashes, want 3");
    await expect(walkInclusion(leaf, 7n, 7n, path)).rejects.toThrow("index 7 is not below size 7");
  });
});

describe("consistency", () => {
  const heads = (name: string) => name.split("->").map((size) => ({ size: BigInt(size), root: fromHex(roots[size] ?? "") }));

  test.each(consistencies)("%s is proven", async (name, proof) => {
    const [from, to] = heads(name);
    await expect(verifyConsistency(from!, to!, proof.map(fromHex))).resolves.toBeUndefined();
  });

  test.each(consistencies)("no altered hash proves %s", async (name, proof) => {
    const [from, to] = heads(name);
    for (let i = 0; i < proof.length; i++) {
      await expect(verifyConsistency(from!, to!, proof.map((hash, at) => fromHex(at === i ? flip(hash) : hash)))).rejects.toThrow(/is not a prefix of/);
    }
    await expect(verifyConsistency(from!, to!, proof.slice(1).map(fromHex))).rejects.toThrow();
  });

  test("two roots of one size are a fork", async () => {
    const root = fromHex(roots["7"]!);
    const other = fromHex(flip(roots["7"]!));
    await expect(verifyConsistency({ size: 7n, root }, { size: 7n, root: other }, [])).rejects.toThrow("two different roots for size 7");
    await expect(verifyConsistency({ size: 7n, root }, { size: 7n, root }, [])).resolves.toBeUndefined();
    await expect(verifyConsistency({ size: 8n, root }, { size: 7n, root }, [])).rejects.toThrow("cannot be compared");
  });
});
