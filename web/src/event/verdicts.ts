// What this page found out about entries since it was opened, for the list's glyphs. Not kept.

import { useEffect, useState } from "preact/hooks";
import type { Verdict } from "../proof/verdict";

export type Glyph = "none" | "proven" | "unpinned" | "bad";

const known = new Map<string, Glyph>();
const listeners = new Set<() => void>();
const keyOf = (log: string, index: number): string => `${log}/${index}`;

export const verdictOf = (log: string, index: number): Glyph => known.get(keyOf(log, index)) ?? "none";

export function rememberVerdict(log: string, index: number, { kind }: Verdict): void {
  if ((kind === "proven" || kind === "unpinned" || kind === "bad") && verdictOf(log, index) !== kind) {
    known.set(keyOf(log, index), kind);
    listeners.forEach((listener) => listener());
  }
}

/** Draws a component anew when a verdict is added. */
export function useVerdicts(): void {
  const [, setCount] = useState(0);
  useEffect(() => {
    const listener = () => setCount((n) => n + 1);
    listeners.add(listener);
    return () => void listeners.delete(listener);
  }, []);
}
