import type { ComponentChildren } from "preact";
import { Button } from "../design/controls";
import { Loading } from "../design/states";
import { toBase64, type Bytes } from "../proof/canonical";
import type { Compared } from "../proof/pins";
import type { Verdict } from "../proof/verdict";
import { proof as text } from "../text/en";
import { visible } from "../text/visible";
import { PathTree } from "./PathTree";
import { PinForm } from "./PinForm";
import { save } from "./save";
import { verdictTitle } from "./VerdictLine";

export interface ProofTabProps {
  log: string;
  index: number;
  bytes: Bytes | null;
  verdict: Verdict;
  onPinned: () => void;
}

/** What was checked of an entry, in words and as a picture, and how somebody else checks it without this page. */
export function ProofTab({ log, index, bytes, verdict, onPinned }: ProofTabProps) {
  if (verdict.kind === "checking") {
    return <Loading label={text.checking} />;
  }
  return (
    <div class={`proof stack ${verdict.kind}`}>
      <h3>{verdictTitle(verdict, index)}</h3>
      <ul class="checks" aria-label={text.checks}>{checksOf(verdict, index).map(([mark, words]) => <Check mark={mark}>{words}</Check>)}</ul>
      {(verdict.kind === "proven" || verdict.kind === "unpinned") && <PathTree facts={verdict.facts} />}
      <PinForm log={log} onPinned={onPinned} />
      {verdict.proof && bytes && <Downloads log={log} index={index} proof={verdict.proof} entry={bytes} />}
    </div>
  );
}

type Mark = "yes" | "no" | "open";

const MARKS: Record<Mark, string> = { yes: "\u2713", no: "\u2715", open: "\u2013" };

function Check({ mark, children }: { mark: Mark; children: ComponentChildren }) {
  return <li class={mark}><span class="tick" role="img" aria-label={text.marks[mark]}>{MARKS[mark]}</span><span>{children}</span></li>;
}

function compared(how: Compared): string {
  switch (how.kind) {
    case "first":
      return text.first;
    case "same":
      return text.same(how.size);
    case "prefix":
      return text.prefix(how.from, how.to);
  }
}

function checksOf(verdict: Exclude<Verdict, { kind: "checking" }>, index: number): [Mark, ComponentChildren][] {
  if (verdict.kind === "bad") {
    return [["no", `${visible(verdict.reason)}.`], ["open", text.keep]];
  }
  if (verdict.kind === "unsure") {
    return [["open", visible(verdict.reason)], ["open", text.nothing]];
  }
  const { facts, decrypted, opened, entryBytes } = verdict;
  return [
    ["yes", <>{text.leaf(entryBytes)} <code>{toBase64(facts.leaf)}</code>.</>],
    ["yes", <>{text.path(facts.steps.length, index, facts.size)} <code>{toBase64(facts.root)}</code>.</>],
    ["yes", <>{text.shown}{decrypted > opened ? text.shownDecrypted(decrypted - opened) : text.shownWhole}</>],
    ...(opened > 0 ? [["yes", text.opened(opened)] as [Mark, string]] : []),
    ...(verdict.kind === "proven"
      ? [["yes", <>{text.signedBy} <code>{`${visible(verdict.key.name)}+${facts.keyId}`}</code>.</>], ["yes", compared(verdict.compared)]] as [Mark, ComponentChildren][]
      : [["open", text.unsigned(visible(facts.origin))]] as [Mark, string][]),
    ["open", facts.others > 0 ? text.others(facts.others) : text.noWitness],
    ["open", text.time],
  ];
}

/** The two files with which somebody else repeats the check, without this page. */
function Downloads({ log, index, proof, entry }: { log: string; index: number; proof: Bytes; entry: Bytes }) {
  const base = `${log}-${index}`;
  return (
    <section class="stack">
      <h4>{text.verifyTitle}</h4>
      <div class="line wrap">
        <Button isSmall onClick={() => save(`${base}.tlog-proof`, proof)}>{text.downloadProof}</Button>
        <Button isSmall onClick={() => save(`${base}.json`, entry)}>{text.downloadEntry}</Button>
      </div>
      <p class="dim">{text.distrust}</p>
      <pre class="command" tabIndex={0} role="region" aria-label={text.command}>{`indelible verify --vkey VKEY --proof ${base}.tlog-proof --entry ${base}.json`}</pre>
    </section>
  );
}
