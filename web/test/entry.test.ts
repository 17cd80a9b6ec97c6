import { describe, expect, test } from "vitest";
import type { Entry } from "../src/api/types";
import { canonicalJson, fromBase64, toBase64 } from "../src/proof/canonical";
import { countDecrypted, parseEntry } from "../src/proof/entry";
import { sha256 } from "../src/proof/merkle";
import { countOpened, valueAt, verifyOpening } from "../src/proof/openings";
import { utf8 } from "./bytes";

describe("an entry's bytes", () => {
  test("are read where there is one way to read them", () => {
    expect(parseEntry(utf8('{"a":1,"b":[true,null]}')).value).toEqual({ a: 1, b: [true, null] });
  });

  test.each(['{"b":1,"a":2}', '{"a":1,"a":2}', '{"a": 1}', '{"a":1.0}', '{"a":1}\n', "[]", "null", "", '{"a":"\\u0061"}'])("are refused where there are two: %s", (text) => {
    expect(() => parseEntry(utf8(text))).toThrow();
  });

  test("are refused where they are not UTF-8", () => {
    expect(() => parseEntry(Uint8Array.from([0x7b, 0xff, 0x7d]))).toThrow("the entry is not UTF-8");
    expect(() => fromBase64("AB==", "it")).toThrow("not canonical");
  });
});

describe("what is shown", () => {
  const sealed = { $pii: { com: "x", ct: "y", key: "k", v: 1 } };
  const logged = { actor: { id: "u-1", name: sealed }, list: [1, { a: "b" }] };

  test("is what was logged, but for personal values, which are counted", () => {
    expect(countDecrypted(logged, logged)).toBe(0);
    expect(countDecrypted({ ...logged, actor: { id: "u-1", name: "Ada" } }, logged)).toBe(1);
  });

  test.each([
    [{ ...logged, actor: { id: "u-2", name: sealed } }, "the value shown at /actor/id is not the one in the log"],
    [{ ...logged, list: [1] }, "the members shown at /list are not those in the log"],
    [{ ...logged, list: { 0: 1, 1: { a: "b" } } }, "the value shown at /list is not the one in the log"],
    [{ actor: logged.actor, other: 1 }, "/list of the log is not shown"],
    [null, "the value shown at the top is not the one in the log"],
  ])("is refused where it differs (%#)", (shown, reason) => {
    expect(() => countDecrypted(shown, logged)).toThrow(reason);
  });
});

describe("an opening", () => {
  const origin = "audit.example/logs/main";
  const r = new Uint8Array(32).fill(9);
  const url = (bytes: Uint8Array<ArrayBuffer>): string => toBase64(bytes).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

  async function entryWith(value: unknown): Promise<Entry> {
    const plain = canonicalJson(value);
    const com = await sha256(
      utf8("indelible.dev/pii/v1 com\0"), utf8(`\0\x17${origin}`), utf8("\0\x03e-1"), utf8("\0\x0b/actor/name"), r,
      utf8(plain.padEnd(Math.ceil(plain.length / 32) * 32, " ")));
    return { id: "e-1", actor: { name: { $pii: { com: url(com) } } } };
  }

  test("opens the commitment of its own value, place, entry and log alone", async () => {
    const entry = await entryWith("Ada Lovelace");
    const opening = { pointer: "/actor/name", r: url(r), value: "Ada Lovelace" };
    await expect(verifyOpening(opening, entry, origin)).resolves.toBeUndefined();
    const wrong = /is not the one that was logged/;
    await expect(verifyOpening({ ...opening, value: "Ada lovelace" }, entry, origin)).rejects.toThrow(wrong);
    await expect(verifyOpening({ ...opening, value: "Ada Lovelace " }, entry, origin)).rejects.toThrow(wrong);
    await expect(verifyOpening({ ...opening, r: url(new Uint8Array(32)) }, entry, origin)).rejects.toThrow(wrong);
    await expect(verifyOpening(opening, entry, "audit.example/logs/maim")).rejects.toThrow(wrong);
    await expect(verifyOpening(opening, { ...entry, id: "e-2" }, origin)).rejects.toThrow(wrong);
    await expect(verifyOpening({ ...opening, pointer: "/actor/id" }, entry, origin)).rejects.toThrow("there is no personal value at /actor/id");
  });

  test("is counted once, and where its value is what is shown", () => {
    const opening = { pointer: "/actor/name", r: "", value: "Ada" };
    expect(countOpened({ actor: { name: "Ada" } }, [opening, opening])).toBe(1);
    expect(countOpened({ actor: { name: "Bob" } }, [opening])).toBe(0);
  });

  test("is looked up among own members only", () => {
    expect(valueAt({}, "/constructor/name")).toBeUndefined();
    expect(valueAt({ "a/b": { "~": 1 } }, "/a~1b/~0")).toBe(1);
  });
});
