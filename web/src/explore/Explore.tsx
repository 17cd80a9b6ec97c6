import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { useVerdicts } from "../event/verdicts";
import { EventDrawer } from "../event/EventDrawer";
import { queryFault } from "../api/problem";
import { navigate } from "../app/router";
import { may, useLog, useWho } from "../app/Shell";
import type { ScreenProps } from "../app/screens";
import { useAsync } from "../app/useAsync";
import { Button } from "../design/controls";
import { Empty, Failure, Loading } from "../design/states";
import { app, explore as text } from "../text/en";
import { visible } from "../text/visible";
import { loadHistogram } from "./buckets";
import { ExportDialog, HelpDialog } from "./dialogs";
import { EventTable, type Cursor } from "./EventTable";
import { Facets } from "./Facets";
import { Histogram } from "./Histogram";
import { useKeys } from "./keys";
import { Clauses, QueryBox, QueryFault } from "./QueryBox";
import { toggled, withValue } from "./query";
import { askedOf, readState, writeState, type ExploreState } from "./state";
import { Notices, Status } from "./Status";
import { TimePicker, type Zone } from "./TimePicker";
import { useList } from "./useList";

/** Search: what matches, how it lies in time, and one event of it. All of it is in the URL. */
export function Explore({ params }: ScreenProps) {
  const who = useWho();
  const log = useLog(params);
  const state: ExploreState = { ...readState(params), log };
  const [again, setAgain] = useState(0);
  const [zone, setZone] = useState<Zone>("utc");
  const [dialog, setDialog] = useState<"export" | "help" | null>(null);
  const [showsFacets, setShowsFacets] = useState(false);
  const [cursor, setCursor] = useState<Cursor>({ index: null, column: "action" });
  const input = useRef<HTMLInputElement>(null);
  const body = useRef<HTMLTableSectionElement>(null);
  const scroller = useRef<HTMLDivElement>(null);
  useVerdicts();

  // Relative ranges are made absolute once for each search, so that list, histogram and facets are of the same time.
  const asked = useMemo(() => askedOf(state, Date.now()), [state.q, JSON.stringify(state.range), again]);
  const list = useList(log, asked, again);
  const shown = list?.state;
  const isReady = shown?.kind === "ready" && list?.asked === asked;
  const histogram = useAsync(isReady ? JSON.stringify([log, asked, shown.asOf]) : null, (signal) => loadHistogram(log, asked, shown!.asOf, signal));

  const go = (change: Partial<ExploreState>, replace = false) => navigate({ screen: "explore", params: writeState({ ...state, ...change }) }, replace);
  const search = (q: string) => (q === state.q ? setAgain(again + 1) : go({ q }));
  const open = (index: number | null, replace = false) => {
    go({ index, tab: index === null ? "" : state.tab }, replace);
    if (index !== null) {
      setCursor((before) => ({ ...before, index }));
    }
  };
  const pivot = (field: string, value: unknown, exclude: boolean) => go({ q: withValue(state.q, field, value, exclude) });

  useEffect(() => {
    document.title = [state.index !== null && `#${state.index}`, visible(state.q), log, app.name].filter(Boolean).join(" \u00b7 ");
  }, [state.index, state.q, log]);
  useEffect(() => {
    if (params.get("log") !== log) {
      go({ index: params.has("log") ? null : state.index }, true);
    }
  }, [log]);
  const mayTail = may(who, log, "tail");
  useEffect(() => {
    if (isReady && state.live && mayTail) {
      void list!.follow();
    } else if (list && list.state.live !== "off") {
      list.unfollow();
    }
  }, [list, isReady, state.live, mayTail]);
  useKeys({
    rows: shown?.rows ?? [], cursor, setCursor, input, body, scroller, isDrawerOpen: state.index !== null, isDialogOpen: dialog !== null,
    open, pivot, toggle: (part) => go({ q: toggled(state.q, part) }), showExport: () => setDialog("export"), showHelp: () => setDialog("help"), loadMore: () => void list?.loadMore(),
  });

  const isQueryFault = queryFault(shown?.error) !== null;
  return (
    <div class={`explore ${state.index !== null ? "with-drawer" : ""}`}>
      <section class="explore-main" aria-label={text.title}>
        <div class="toolbar">
          <QueryBox q={state.q} input={input} error={shown?.error} onSearch={search} />
          <TimePicker range={state.range} zone={zone} onRange={(range) => go({ range })} onZone={setZone} />
          <Button id="live" class="live" aria-pressed={state.live} disabled={!mayTail} onClick={() => go({ live: !state.live })}>
            <span class={`dot ${shown?.live ?? "off"}`} aria-hidden="true" />{shown?.live === "reconnecting" ? text.reconnecting : text.live}
          </Button>
          {state.live && shown && <Button id="pause" aria-pressed={shown.isPaused} onClick={() => list!.pause(!shown.isPaused)}>{shown.isPaused ? text.resume(shown.waiting) : text.pause}</Button>}
          <Button class="facets-toggle" aria-expanded={showsFacets} onClick={() => setShowsFacets(!showsFacets)}>{text.facets.show}</Button>
          <Button kind="quiet" isIcon aria-label={text.export} title={text.export} onClick={() => setDialog("export")}>{"\u2913"}</Button>
          <Button kind="quiet" isIcon aria-label={text.help} title={text.help} onClick={() => setDialog("help")}>?</Button>
        </div>
        <QueryFault q={state.q} error={shown?.error} />
        <Clauses q={state.q} onSearch={(q) => go({ q })} />
        {isReady && histogram.kind !== "failed" && (
          <div class="histogram-place">{(histogram.kind === "ready" || histogram.before) && <Histogram histogram={histogram.kind === "ready" ? histogram.value : histogram.before!} zone={zone} onZoom={(from, to) => go({ range: { kind: "between", from, to } })} />}</div>
        )}
        {shown && <Notices list={shown} />}
        <div class={`results ${showsFacets ? "shows-facets" : ""}`}>
          {isReady && shown.total?.value !== 0 && <Facets log={log} asked={asked} asOf={shown.asOf} open={state.facets} onOpen={(facets) => go({ facets }, true)} onPart={(part) => go({ q: toggled(state.q, part) })} />}
          <div class="list">
            <Status list={shown ?? null} log={log} />
            {shown && shown.waiting > 0 && !shown.isPaused && (
              <button type="button" id="newer" class="newer" onClick={() => {
                scroller.current!.scrollTop = 0;
                list!.showWaiting();
              }}>{text.newer(shown.waiting)}</button>
            )}
            {!shown || (shown.kind === "searching" && shown.rows.length === 0) ? <Loading label={text.searching} />
              : shown.kind === "failed" ? !isQueryFault && <Failure error={shown.error} retry={() => setAgain(again + 1)} />
                : shown.rows.length === 0 ? <Empty id="empty">{state.q || state.range.kind !== "all" ? text.empty.query(log, shown.asOf) : shown.asOf > 0 ? text.empty.nothing(log, shown.asOf) : text.empty.log(log)}</Empty>
                  : (
                    <EventTable
                      log={log} rows={shown.rows} selected={state.index} cursor={cursor} zone={zone} isBusy={shown.kind === "searching"} fresh={shown.fresh} body={body} scroller={scroller}
                      onOpen={open} onEnd={() => void list!.loadMore()} onTop={(isAtTop) => {
                        list!.isAtTop = isAtTop;
                        if (isAtTop && !shown.isPaused) {
                          list!.showWaiting();
                        }
                      }}
                      footer={<Footer isLoading={shown.isLoadingMore} hasMore={shown.hasMore} error={shown.moreError} retry={() => void list!.loadMore()} />}
                    />
                  )}
          </div>
        </div>
      </section>
      {state.index !== null && (
        <EventDrawer
          key={`${log}/${state.index}`} log={log} index={state.index} item={list?.item(state.index) ?? null} tab={state.tab}
          onTab={(tab) => go({ tab }, true)} onPivot={pivot} onQuery={(q) => go({ q })} onClose={() => open(null)}
        />
      )}
      {dialog === "help" && <HelpDialog onClose={() => setDialog(null)} />}
      {dialog === "export" && <ExportDialog log={log} asked={asked} isAllowed={may(who, log, "export")} onClose={() => setDialog(null)} />}
    </div>
  );
}

function Footer({ isLoading, hasMore, error, retry }: { isLoading: boolean; hasMore: boolean; error: unknown; retry: () => void }) {
  if (error) {
    return <Failure error={error} retry={retry} />;
  }
  return <p class="list-end">{isLoading ? text.table.loadingMore : hasMore ? <Button isSmall kind="quiet" onClick={retry}>{text.table.more}</Button> : text.table.end}</p>;
}
