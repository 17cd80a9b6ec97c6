import { describe, expect, test } from "vitest";
import { formatRoute, parseRoute } from "../src/app/router";

describe("a fragment", () => {
  test.each([
    ["#/explore?log=main&q=a%20b", "explore", { log: "main", q: "a b" }],
    ["#/event?log=main&index=3", "event", { log: "main", index: "3" }],
    ["", "explore", {}],
    ["#/", "explore", {}],
    ["#/?log=x", "explore", { log: "x" }],
    ["#log=main&q=x&index=0", "explore", { log: "main", q: "x", index: "0" }], // From before there were screens.
    ["#javascript:alert(1)", "explore", { "javascript:alert(1)": "" }],
  ])("%s is a screen and its parameters", (fragment, screen, params) => {
    const route = parseRoute(fragment);
    expect(route.screen).toBe(screen);
    expect(Object.fromEntries(route.params)).toEqual(params);
  });

  test("is read back as it was written", () => {
    const params = new URLSearchParams({ q: 'actor:"a&b=c#d" ?/\u202e', log: "main" });
    const route = parseRoute(formatRoute({ screen: "explore", params }));
    expect(route.params.toString()).toBe(params.toString());
  });
});
