import { describe, expect, test } from "vitest";
import { NotValid } from "../src/proof/canonical";
import { parseConsistency, parseProof, verifyEntry } from "../src/proof/inclusion";
import { parseCheckpoint, parseVkey, verifySignature } from "../src/proof/note";
import { utf8, vectors } from "./bytes";

const file = vectors.tlog_proof_3_of_7;
const entry = utf8("entry-3");
const vkey = vectors.log.vkey;

describe("a tlog-proof", () => {
  test("that is published verifies under the log's key", async () => {
    const facts = await verifyEntry(utf8(file), entry, 3n, await parseVkey(vkey));
    expect(facts).toMatchObject({ index: 3n, size: 7n, origin: vectors.log.origin, signed: true, keyId: vectors.log.key_id });
  });

  test("says nothing of who signed without a key", async () => {
    expect(await verifyEntry(utf8(file), entry, 3n, null)).toMatchObject({ signed: false, keyId: null });
  });

  test("is not one of another entry, index or key", async () => {
    const key = await parseVkey(vkey);
    await expect(verifyEntry(utf8(file), utf8("entry-4"), 3n, key)).rejects.toThrow(/entry and path lead to the root/);
    await expect(verifyEntry(utf8(file), entry, 4n, key)).rejects.toThrow("the proof is for index 3, asked was 4");
    await expect(verifyEntry(utf8(file), entry, 3n, { ...key, name: "audit.example/log2" })).rejects.toThrow(/the pinned key is of audit.example\/log2/);
    await expect(verifyEntry(utf8(file), entry, 3n, { ...key, id: utf8("abcd") })).rejects.toThrow(/carries no signature by the pinned key/);
    await expect(verifyEntry(utf8(file), entry, 3n, { ...key, publicKey: new Uint8Array(key.publicKey).fill(7, 3, 9) })).rejects.toThrow(NotValid);
  });

  test("with any bit flipped before a stranger's signature verifies no more", async () => {
    const key = await parseVkey(vkey);
    const end = utf8(file.split("\u2014 witness")[0]!).length;
    const bytes = utf8(file);
    for (let bit = 0; bit < end * 8; bit++) {
      const altered = bytes.slice();
      altered[bit >> 3]! ^= 1 << (bit & 7);
      await expect(verifyEntry(altered, entry, 3n, key), `bit ${bit}`).rejects.toThrow();
    }
  });

  test.each([
    ["", /no empty line/],
    [file.replace("@v1", "@v2"), /first line is unknown/],
    [file.replace("index 3", "index 03"), /not a canonical decimal/],
    [file.replace("index 3", "index -3"), /not a canonical decimal/],
    [file.replace("index 3\n", ""), /has no index/],
    [file.replace("\n7\n", "\n07\n"), /not a canonical decimal/],
    [file.replace("\n7\n", "\n9223372036854775808\n"), /too large/],
    [file.trimEnd(), /not a signed note/],
    [file.replace("index 3\n", `index 3\n${`${"A".repeat(43)}=\n`.repeat(64)}`), /more than 63 hashes/],
  ])("that is not in its form is refused (%#)", (text, reason) => {
    expect(() => parseProof(utf8(text))).toThrow(reason);
  });
});

describe("a key", () => {
  test.each([
    ["", /looks like/], ["name", /looks like/], [vkey.replace("log1", "log 1"), /holds a space/], [vkey.replace("640a250f", "640a250e"), /mistyped/],
    [vkey.replace("log1", "log2"), /mistyped/], [vectors.witness.vkey_0x04, /only Ed25519/], [`${vkey}=`, /base64/],
  ])("that is mistyped is not pinned (%#)", async (text, reason) => {
    await expect(parseVkey(text)).rejects.toThrow(reason);
  });
});

describe("a checkpoint", () => {
  test.each([vectors.checkpoint_0, vectors.checkpoint_3, vectors.checkpoint_7])("that is published is signed by the log (%#)", async (text) => {
    await expect(verifySignature(parseCheckpoint(text), await parseVkey(vkey))).resolves.toBeUndefined();
  });

  test("with control characters or another ending is refused", () => {
    expect(() => parseCheckpoint(vectors.checkpoint_3.replace("3\n", "3\r\n"))).toThrow(/control characters/);
    expect(() => parseCheckpoint(`\ufeff${vectors.checkpoint_3}`)).toThrow(/control characters/);
    expect(() => parseCheckpoint(vectors.checkpoint_3.trimEnd())).toThrow(/not a signed note/);
    expect(() => parseCheckpoint(vectors.checkpoint_3 + `\u2014 x AAAAAAA=\n`.repeat(101))).toThrow(/too many signatures/);
  });
});

describe("the answer of a consistency proof", () => {
  test("must be for the sizes that were asked", () => {
    expect(parseConsistency({ from: 3, to: 7, proof: [] }, 3n, 7n)).toEqual([]);
    for (const answer of [null, {}, { from: 3, to: 8, proof: [] }, { from: 3, to: 7 }, { from: "x", to: 7, proof: [] }]) {
      expect(() => parseConsistency(answer, 3n, 7n)).toThrow(/for other sizes/);
    }
    expect(() => parseConsistency({ from: 3, to: 7, proof: ["AA=="] }, 3n, 7n)).toThrow(/want 32/);
  });
});
