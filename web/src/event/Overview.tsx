import type { Entry, Json } from "../api/types";
import { canPivot } from "../explore/query";
import { event as text } from "../text/en";
import { localTime } from "../text/format";
import { visible } from "../text/visible";
import { QUESTIONS, actorName, factsOf, isEncrypted, isRedacted, member } from "./shape";
import { Value } from "./Value";

const MAX_FACTS = 60;

/** One sentence for people: the producer's own, else one made of the fields. */
export function Sentence({ entry }: { entry: Entry }) {
  if (entry["message"] !== undefined) {
    return <p class="sentence"><Value value={entry["message"]} /></p>;
  }
  const target = Array.isArray(entry["targets"]) ? entry["targets"][0] : undefined;
  const outcome = entry["outcome"];
  const effect = member(entry["decision"], "effect");
  const rule = member(entry["decision"], "rule");
  const decision = typeof effect === "string" && Object.hasOwn(text.decision, effect) ? text.decision[effect] : undefined;
  return (
    <p class="sentence">
      <strong>{actorName(entry["actor"])}</strong> {text.did} <strong class="mono">{visible(entry["action"] ?? text.something)}</strong>
      {target !== undefined && <> {text.on} {visible(member(target, "type") ?? "")} <strong>{visible(member(target, "id") ?? "")}</strong></>}
      {". "}{outcome === "success" || outcome === "failure" ? text.ends[outcome] : text.ends.unknown}
      {decision && <> {decision}{rule !== undefined && <> {text.byRule} <strong>{visible(rule)}</strong></>}.</>}
    </p>
  );
}

export interface OverviewProps {
  entry: Entry;
  onPivot: (field: string, value: unknown, exclude: boolean) => void;
}

/** The grid of who, what, when, where, how and whether it was allowed. A value narrows the search when it is pressed. */
export function Overview({ entry, onPivot }: OverviewProps) {
  return (
    <div class="questions">
      {QUESTIONS.map(([question, members]) => {
        const facts = factsOf(entry, members);
        return facts.length > 0 && (
          <section key={question} class="question">
            <h3>{text.questions[question]}</h3>
            <dl>
              {facts.slice(0, MAX_FACTS).map(([path, value]) => (
                <div class="fact"><dt title={visible(path)}>{visible(path)}</dt><dd><Fact path={path} value={value} onPivot={onPivot} /></dd></div>
              ))}
            </dl>
            {facts.length > MAX_FACTS && <p class="dim">{text.more(facts.length - MAX_FACTS)}</p>}
          </section>
        );
      })}
    </div>
  );
}

const TIMES: readonly string[] = ["time", "observed_time", "received_at"];

function Fact({ path, value, onPivot }: { path: string; value: Json; onPivot: OverviewProps["onPivot"] }) {
  if (isEncrypted(value) || isRedacted(value) || !canPivot(path, value)) {
    return <Value value={value} />;
  }
  return (
    <button
      type="button" class="pivot" title={TIMES.includes(path) ? localTime(value) : text.pivot} data-field={path} data-value={JSON.stringify(value)}
      onClick={(event) => onPivot(path, value, event.altKey)}
    ><Value value={value} /></button>
  );
}
