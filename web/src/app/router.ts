// Where the reader is stands in the URL's fragment, which browsers do not send: a query may name a person, and requests for
// this page are logged.

import { useEffect, useState } from "preact/hooks";

export interface Route {
  screen: string;
  params: URLSearchParams;
}

export const HOME = "explore";

/** Reads a fragment: `#/screen?name=value`. Links from before there were screens, `#name=value`, are the first screen's. */
export function parseRoute(fragment: string): Route {
  const text = fragment.replace(/^#/, "");
  if (!text.startsWith("/")) {
    return { screen: HOME, params: new URLSearchParams(text) };
  }
  const split = text.indexOf("?");
  const screen = split < 0 ? text.slice(1) : text.slice(1, split);
  return { screen: screen || HOME, params: new URLSearchParams(split < 0 ? "" : text.slice(split + 1)) };
}

export function formatRoute({ screen, params }: Route): string {
  const query = params.toString();
  return `#/${screen}${query ? `?${query}` : ""}`;
}

const CHANGED = "indelible:route";

/** Goes elsewhere; `replace` where one should not come back to where one was. */
export function navigate(route: Route, replace = false): void {
  const fragment = formatRoute(route);
  if (fragment !== location.hash) {
    history[replace ? "replaceState" : "pushState"](null, "", fragment);
    dispatchEvent(new Event(CHANGED));
  }
}

export function useRoute(): Route {
  const [fragment, setFragment] = useState(location.hash);
  useEffect(() => {
    const read = () => setFragment(location.hash);
    const events = ["popstate", "hashchange", CHANGED];
    events.forEach((name) => addEventListener(name, read));
    return () => events.forEach((name) => removeEventListener(name, read));
  }, []);
  return parseRoute(fragment);
}
