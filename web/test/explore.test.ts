import { describe, expect, test } from "vitest";
import { queryFault, Problem } from "../src/api/problem";
import type { CountsAnswer } from "../src/api/types";
import { brushed, stack } from "../src/explore/buckets";
import { tree } from "../src/explore/facetTree";
import { canPivot, clauses, literal, negated, toggled, withNegated, withPart, withValue, withoutClause } from "../src/explore/query";
import { askedOf, readState, readTime, writeState } from "../src/explore/state";

describe("the parts of a query", () => {
  test.each([
    ["a b", ["a", "b"]],
    ['message:"two words" x', ['message:"two words"', "x"]],
    ["action:(a OR b) outcome:failure", ["action:(a OR b)", "outcome:failure"]],
    ["status:[400 TO 499] -x", ["status:[400 TO 499]", "-x"]],
    ["a AND NOT b", ["a", "NOT b"]],
    ['"a \\" b" c', ['"a \\" b"', "c"]],
    ["", []],
    ["(open and never closed", ["(open and never closed"]],
  ])("of %s are %j", (q, parts) => {
    expect(clauses(q)?.map((clause) => clause.text)).toEqual(parts);
  });

  test("cannot be told apart where they are joined by OR", () => {
    expect(clauses("a OR b")).toBeNull();
    expect(withPart("a OR b", "c:1")).toBe("(a OR b) c:1");
  });

  test("are taken away and negated by place", () => {
    expect(withoutClause("a b c", 1)).toBe("a c");
    expect(withNegated("a -b NOT c", 0)).toBe("-a -b NOT c");
    expect(withNegated("a -b NOT c", 1)).toBe("a b NOT c");
    expect(withNegated("a -b NOT c", 2)).toBe("a -b c");
    expect(negated("-action:x")).toBe("action:x");
  });
});

describe("a value that is clicked", () => {
  test("is added in quotes, once, in the place of its opposite", () => {
    expect(withValue("", "actor.id", "u-1", false)).toBe('actor.id:"u-1"');
    expect(withValue('actor.id:"u-1"', "actor.id", "u-1", false)).toBe('actor.id:"u-1"');
    expect(withValue('x actor.id:"u-1"', "actor.id", "u-1", true)).toBe('x -actor.id:"u-1"');
    expect(withValue("x", "request.status", 200, false)).toBe("x request.status:200");
  });

  test("cannot end its quotes", () => {
    expect(literal('a" OR *:"\\')).toBe('"a\\" OR *:\\"\\\\"');
    expect(clauses(withValue("x", "data.a", '" OR b:"', false))).toHaveLength(2);
  });

  test("that the language cannot spell is no pivot", () => {
    expect(canPivot("actor.id", "u-1")).toBe(true);
    expect(canPivot("labels.a b", "x")).toBe(false);
    expect(canPivot("data.x", null)).toBe(false);
    expect(canPivot("data.x", "x".repeat(257))).toBe(false);
  });

  test("that is there is taken away by a second press", () => {
    expect(toggled("a b", "b")).toBe("a");
    expect(toggled("a", "b")).toBe("a b");
  });
});

describe("the state in the URL", () => {
  test.each(["log=main", "log=main&q=a+b&last=24h&index=4&tab=proof&live=1&facets=action", "log=m&from=2026-11-01T00%3A00%3A00Z&to=2026-11-02T00%3A00%3A00Z"])("%s is read back as it was written", (text) => {
    expect(writeState(readState(new URLSearchParams(text))).toString()).toBe(text);
  });

  test("that is wrong is read as if it were not there", () => {
    const state = readState(new URLSearchParams("log=__proto__&index=99999999999999999999&last=9y&from=yesterday&live=x"));
    expect(state).toMatchObject({ index: null, range: { kind: "all" }, live: false });
  });

  test("asks for a relative range from now", () => {
    const now = Date.parse("2026-11-30T12:00:00.5Z");
    expect(askedOf({ q: "x", range: { kind: "last", span: "24h" } }, now)).toEqual({ q: "x", from: "2026-11-29T12:00:00Z", to: "" });
    expect(askedOf({ q: "", range: { kind: "all" } }, now)).toEqual({ q: "", from: "", to: "" });
  });

  test.each([
    ["2026-11-23", "2026-11-23T00:00:00Z"], ["2026-11-23 06:14", "2026-11-23T06:14:00Z"], ["2026-11-23T06:14:25Z", "2026-11-23T06:14:25Z"],
    ["2026-02-30", null], ["tomorrow", null], ["2026-11-23T25:00", null], ["", null],
  ])("reads the time %s as %s", (text, time) => {
    expect(readTime(text)).toBe(time);
  });
});

describe("a query that cannot be read", () => {
  const problem = (detail: string, type = "urn:indelible:invalid-query") => new Problem(400, { type, errors: [{ pointer: "q", detail }] });

  test("has the place that the server names", () => {
    expect(queryFault(problem("position 7, length 0: A value is missing; expected a value"))).toEqual({ position: 7, length: 0, message: "A value is missing; expected a value" });
  });

  test("is told apart from other problems", () => {
    expect(queryFault(problem("position 7, length 0: x", "urn:indelible:busy"))).toBeNull();
    expect(queryFault(problem("elsewhere"))).toBeNull();
    expect(queryFault(new Error("x"))).toBeNull();
  });
});

describe("the histogram", () => {
  const counts = (histogram: [string, number][], change: Partial<CountsAnswer> = {}): CountsAnswer => ({
    as_of: 9, total: { value: 9, exact: true }, counted_from: 0, interval_seconds: 3600, untimed: 0, indexed: 9, notices: [], query: "*",
    histogram: histogram.map(([hour, count]) => ({ from: `2026-11-23T${hour}:00:00.0000000Z`, count })), ...change,
  });

  test("stacks outcomes and fills empty intervals", () => {
    const made = stack(counts([["06", 5], ["09", 4]]), counts([["09", 1]]), counts([["06", 2]]));
    expect(made.buckets.map(({ success, failure, unknown }) => [success, failure, unknown])).toEqual([[3, 0, 2], [0, 0, 0], [0, 0, 0], [3, 1, 0]]);
    expect(made.isTruncated).toBe(false);
  });

  test("joins intervals that are too short to be seen", () => {
    const made = stack(counts([["00", 5], ["09", 4], ["23", 1]], { interval_seconds: 60 }), null, null);
    expect(made.buckets.length).toBeLessThanOrEqual(120);
    expect(made.buckets.reduce((n, one) => n + one.success, 0)).toBe(10);
    expect(made.buckets[1]!.from - made.buckets[0]!.from).toBe(made.intervalMs);
  });

  test("says when the earliest events are not in it", () => {
    expect(stack(counts([["06", 5]], { counted_from: 3 }), null, null).isTruncated).toBe(true);
  });

  test("is brushed in whole intervals, in either direction", () => {
    const made = stack(counts([["06", 5], ["09", 4]]), null, null);
    const [from, to] = brushed(made, 0.6, 0.3);
    expect([new Date(from).toISOString(), new Date(to).toISOString()]).toEqual(["2026-11-23T07:00:00.000Z", "2026-11-23T09:00:00.000Z"]);
  });
});

describe("actions", () => {
  test("stand under their first name where there are several", () => {
    const rows = tree("action", [{ value: "session.open", count: 9 }, { value: "invoice.read", count: 7 }, { value: "invoice.pay", count: 5 }]);
    expect(rows.map(({ label, part, count, depth }) => [label, part, count, depth])).toEqual([
      ["invoice.*", "action:invoice.*", 12, 0], [".read", 'action:"invoice.read"', 7, 1], [".pay", 'action:"invoice.pay"', 5, 1], ["session.open", 'action:"session.open"', 9, 0],
    ]);
  });
});
