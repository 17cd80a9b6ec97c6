import { describe, expect, test } from "vitest";
import { parseBlock } from "../src/api/tail";
import { maskOf, revealed, rowOf, scalars } from "../src/event/shape";
import { windowOf } from "../src/explore/window";
import { splitTime } from "../src/text/format";
import { escapedJson, visible } from "../src/text/visible";

const sealed = () => ({ $pii: { ct: "x" } });

describe("an entry as its reader may see it", () => {
  test("has the personal values that were sent beside it", () => {
    const entry = revealed({ entry: { actor: { name: sealed(), email: sealed() } }, personal: { "/actor/name": "Ada", "/actor/email": null } });
    expect(entry).toEqual({ actor: { name: "Ada", email: sealed() } });
    expect(maskOf((entry["actor"] as { email: object }).email)).toBe("gone");
  });

  test("has none where nothing was sealed, and none in prototypes", () => {
    const item = { entry: { a: "plain" }, personal: { "/a": "other", "/constructor/name": "x", "/__proto__/x": "y" } };
    expect(revealed(item)).toEqual({ a: "plain" });
    expect(({} as Record<string, unknown>)["x"]).toBeUndefined();
  });

  test("says why it is masked", () => {
    const entry = revealed({ entry: { name: sealed() }, masked: { pointers: ["/name"], revealed: "on_request" } });
    expect(maskOf(entry["name"] as object)).toBe("on_request");
  });

  test("is a row whatever its members are", () => {
    expect(rowOf({ index: 1, entry: { actor: 5, targets: "x", decision: [], time: {} } })).toMatchObject({ index: 1, actor: "", action: "", target: "", time: "" });
  });

  test("has its lists' items at the list's own path", () => {
    expect([...scalars("targets", [{ id: "a" }, { id: "b", n: { m: 1 } }])]).toEqual([["targets.id", "a"], ["targets.id", "b"], ["targets.n.m", 1]]);
  });
});

describe("text of strangers", () => {
  test("shows what would be invisible or reorder what follows", () => {
    expect(visible("a\u202eb\u200b\u0000")).toBe("a\u27e8U+202E\u27e9b\u27e8U+200B\u27e9\u27e8U+0000\u27e9");
    expect(escapedJson('{"a":"\u202e"}\n')).toBe('{"a":"\\u202e"}\n');
    expect(JSON.parse(escapedJson('{"a":"\u{e0041}"}'))).toEqual({ a: "\u{e0041}" });
  });

  test("is a time only where it is one", () => {
    expect(splitTime("2026-11-23T06:14:25.1234567Z")).toEqual(["2026-11-23", "06:14:25.123"]);
    expect(splitTime("<b>")).toEqual(["<b>", ""]);
  });
});

describe("a hundred thousand rows", () => {
  test("are drawn a screen at a time", () => {
    const [first, end] = windowOf(50_000 * 30, 900, 100_000);
    expect(end - first).toBeLessThan(60);
    expect([first <= 50_000, end >= 50_030]).toEqual([true, true]);
    expect(windowOf(0, 900, 3)).toEqual([0, 3]);
    expect(windowOf(9e9, 900, 100)).toEqual([88, 100]);
  });
});

describe("a block of a stream", () => {
  test.each([
    ["id: 7\nevent: entry\ndata: {\"a\":1}", { id: "7", event: "entry", data: '{"a":1}' }],
    ["data: a\ndata: b", { id: null, event: "message", data: "a\nb" }],
    [": nothing new\nid: 9", { id: "9", event: "message", data: "" }],
    [": nothing new", null],
  ])("%j is read", (block, event) => {
    expect(parseBlock(block)).toEqual(event);
  });
});
