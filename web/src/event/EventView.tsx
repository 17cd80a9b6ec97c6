import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import type { Item } from "../api/types";
import { may, useWho } from "../app/Shell";
import { Loading } from "../design/states";
import { Tabs } from "../design/tabs";
import { event as text } from "../text/en";
import { count } from "../text/format";
import { Changes, changesOf } from "./Changes";
import { Context } from "./Context";
import { Masked } from "./Masked";
import { Overview, Sentence } from "./Overview";
import { ProofTab } from "./ProofTab";
import { Raw } from "./Raw";
import { useEvent } from "./useEvent";
import { VerdictLine } from "./VerdictLine";

export interface EventViewProps {
  log: string;
  index: number;
  item: Item | null;
  tab: string;
  actions: ComponentChildren;
  onTab: (tab: string) => void;
  onPivot: (field: string, value: unknown, exclude: boolean) => void;
  onQuery: (q: string) => void;
}

// Entries whose personal values were asked for with a reason, until the page is left.
const disclosed = new Map<string, Item>();

/** One event: what it says, what it changed, what stands around it, and whether it is what was logged. */
export function EventView({ log, index, item, tab, actions, onTab, onPivot, onQuery }: EventViewProps) {
  const who = useWho();
  const [again, setAgain] = useState(0);
  const [first] = useState(item); // What the list had when the event was opened; a later search does not load it anew.
  const key = `${who.session.principal} ${log}/${index}`;
  const { shown, bytes, hidden, verdict } = useEvent(log, index, disclosed.get(key) ?? first, may(who, log, "export"), again);
  const changes = shown ? changesOf(shown) : [];
  const reload = () => setAgain((n) => n + 1);
  const tabs = [
    { name: "overview", label: text.tabs.overview, panel: () => (shown ? <Overview entry={shown} onPivot={onPivot} /> : verdict.kind === "checking" && <Loading />) },
    ...(changes.length > 0 ? [{ name: "changes", label: <>{text.tabs.changes} <span class="unit">{count(changes.length)}</span></>, panel: () => <Changes changes={changes} /> }] : []),
    { name: "context", label: text.tabs.context, panel: () => <Context log={log} index={index} onQuery={onQuery} /> },
    { name: "raw", label: text.tabs.raw, panel: () => bytes && <Raw bytes={bytes} /> },
    { name: "proof", label: <>{text.tabs.proof}</>, panel: () => <ProofTab log={log} index={index} bytes={bytes} verdict={verdict} onPinned={reload} /> },
  ];
  return (
    <>
      <header class="drawer-head">
        <h2 id="drawer-title">{text.entry} <span class="mono">{count(index)}</span> <span class="dim">{text.of(log)}</span></h2>
        <span class="grow" />
        {actions}
      </header>
      <div class="event-top">
        {shown && <Sentence entry={shown} />}
        <VerdictLine verdict={verdict} index={index} onShow={() => onTab("proof")} />
        {hidden && <Masked key={key} log={log} index={index} kind={hidden} onShown={(revealed) => {
          disclosed.set(key, revealed);
          reload();
        }} />}
      </div>
      <Tabs id="event" label={text.entry} tabs={tabs} selected={tab || "overview"} onSelect={onTab} />
    </>
  );
}
