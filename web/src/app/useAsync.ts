import { useEffect, useState } from "preact/hooks";
import { isAbort } from "../api/problem";
import { endedBy } from "./session";

export type Loaded<T> = { kind: "loading"; before: T | null } | { kind: "ready"; value: T } | { kind: "failed"; error: unknown };

/** Loads something anew whenever `key` changes; what was under way for another key is given up. Null loads nothing. */
export function useAsync<T>(key: string | null, load: (signal: AbortSignal) => Promise<T>): Loaded<T> {
  const [state, setState] = useState<{ key: string | null; loaded: Loaded<T> }>({ key: null, loaded: { kind: "loading", before: null } });
  useEffect(() => {
    if (key === null) {
      return undefined;
    }
    const controller = new AbortController();
    setState(({ loaded }) => ({ key, loaded: { kind: "loading", before: loaded.kind === "ready" ? loaded.value : null } }));
    load(controller.signal).then(
      (value) => controller.signal.aborted || setState({ key, loaded: { kind: "ready", value } }),
      (error: unknown) => {
        if (!controller.signal.aborted && !isAbort(error) && !endedBy(error)) {
          setState({ key, loaded: { kind: "failed", error } });
        }
      },
    );
    return () => controller.abort();
  }, [key]);
  return state.loaded;
}
