import type { Verdict } from "../proof/verdict";
import { proof as text } from "../text/en";
import { visible } from "../text/visible";

const MARKS: Record<Verdict["kind"], string> = { checking: "\u2026", proven: "\u2713", unpinned: "\u223c", bad: "\u2715", unsure: "?" };

export function verdictTitle(verdict: Verdict, index: number): string {
  return verdict.kind === "proven" ? text.proven(index, verdict.facts.size) : text[verdict.kind];
}

/** The verdict in one line, seen on every tab; a press shows what it rests on. */
export function VerdictLine({ verdict, index, onShow }: { verdict: Verdict; index: number; onShow: () => void }) {
  const reason = verdict.kind === "bad" || verdict.kind === "unsure" ? visible(verdict.reason) : "";
  return (
    <div class={`verdict-line ${verdict.kind}`} role="status">
      <span class="verdict-mark" aria-hidden="true">{MARKS[verdict.kind]}</span>
      <button type="button" class="verdict-button" onClick={onShow}><strong>{verdictTitle(verdict, index)}</strong>{reason && <span class="verdict-reason">: {reason}.</span>}</button>
    </div>
  );
}
