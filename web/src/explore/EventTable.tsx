import type { ComponentChildren, RefObject } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { ActorGlyph, Outcome, Value } from "../event/Value";
import type { Row } from "../event/shape";
import { verdictOf, type Glyph } from "../event/verdicts";
import { Badge } from "../design/controls";
import { event, explore } from "../text/en";
import { localTime, splitTime } from "../text/format";
import { visible } from "../text/visible";
import { COLUMNS, type Column } from "./columns";
import type { Zone } from "./TimePicker";
import { ROW_PX, windowOf } from "./window";

const text = explore.table;
const AHEAD_ROWS = 60;
const AT_TOP_PX = 4;

export interface Cursor {
  index: number | null;
  column: Column;
}

export interface EventTableProps {
  log: string;
  rows: readonly Row[];
  selected: number | null;
  cursor: Cursor;
  zone: Zone;
  isBusy: boolean;
  fresh: number;
  body: RefObject<HTMLTableSectionElement>;
  scroller: RefObject<HTMLDivElement>;
  footer: ComponentChildren;
  onOpen: (index: number) => void;
  onEnd: () => void;
  onTop: (isAtTop: boolean) => void;
}

/** Scrolls so that a row is in view, below the heading. */
export function reveal(scroller: HTMLElement, position: number): void {
  const heading = scroller.querySelector("thead")!.offsetHeight;
  const top = position * ROW_PX;
  if (top < scroller.scrollTop) {
    scroller.scrollTop = top;
  } else if (top + ROW_PX > scroller.scrollTop + scroller.clientHeight - heading) {
    scroller.scrollTop = top + ROW_PX - scroller.clientHeight + heading;
  }
}

/** The events, of which only those in view are drawn. */
export function EventTable({ log, rows, selected, cursor, zone, isBusy, fresh, body, scroller, footer, onOpen, onEnd, onTop }: EventTableProps) {
  const [view, setView] = useState<[number, number]>([0, 50]);
  const look = () => {
    const node = scroller.current!;
    const next = windowOf(node.scrollTop, node.clientHeight, rows.length);
    setView((before) => (before[0] === next[0] && before[1] === next[1] ? before : next));
    onTop(node.scrollTop < AT_TOP_PX);
    if (next[1] + AHEAD_ROWS >= rows.length && rows.length > 0) {
      onEnd();
    }
  };
  useLayoutEffect(look, [rows]);
  useEffect(() => {
    const watch = new ResizeObserver(look);
    watch.observe(scroller.current!);
    return () => watch.disconnect();
  }, [rows]);
  const [first, end] = view;
  const tabStop = rows.some((row, i) => i >= first && i < end && row.index === cursor.index) ? cursor.index : rows[first]?.index;
  return (
    <div class="scroll" ref={scroller} onScroll={look}>
      <table id="results" class="events" role="grid" aria-rowcount={rows.length + 1} aria-busy={isBusy}>
        <caption class="sr">{text.caption}</caption>
        <thead>
          <tr>
            <th scope="col" class="c-proof"><span class="sr">{text.proof}</span></th>
            <th scope="col" class="c-time">{text.time} <span class="unit">{zone === "utc" ? explore.range.utc : explore.range.local}</span></th>
            <th scope="col" class="c-actor">{text.actor}</th>
            <th scope="col" class="c-action">{text.action}</th>
            <th scope="col" class="c-target">{text.target}</th>
            <th scope="col" class="c-outcome">{text.outcome}</th>
            <th scope="col" class="c-source">{text.source}</th>
          </tr>
        </thead>
        <tbody ref={body} id="rows">
          <Spacer rows={first} />
          {rows.slice(first, end).map((row, i) => (
            <EventRow
              key={row.index} log={log} row={row} position={first + i} zone={zone} isSelected={row.index === selected} isTabStop={row.index === tabStop}
              column={row.index === cursor.index ? cursor.column : null} isFresh={first + i < fresh} onOpen={onOpen}
            />
          ))}
          <Spacer rows={rows.length - end} />
        </tbody>
      </table>
      {footer}
    </div>
  );
}

/** Holds the place of rows that are not drawn. */
function Spacer({ rows }: { rows: number }) {
  const row = useRef<HTMLTableRowElement>(null);
  useLayoutEffect(() => void (row.current && (row.current.style.height = `${Math.max(0, rows) * ROW_PX}px`)), [rows]);
  return rows > 0 ? <tr class="spacer" aria-hidden="true" ref={row}><td colSpan={7} /></tr> : null;
}

interface EventRowProps {
  log: string;
  row: Row;
  position: number;
  zone: Zone;
  isSelected: boolean;
  isTabStop: boolean;
  column: Column | null;
  isFresh: boolean;
  onOpen: (index: number) => void;
}

const GLYPH_TEXT: Record<Glyph, [string, string]> = {
  none: ["\u00b7", text.unchecked], proven: ["\u2713", text.proven], unpinned: ["\u223c", text.unpinned], bad: ["\u2715", text.bad],
};

function EventRow({ log, row, position, zone, isSelected, isTabStop, column, isFresh, onOpen }: EventRowProps) {
  const [date, time] = splitTime(row.time, zone);
  const glyph = verdictOf(log, row.index);
  const at = (name: (typeof COLUMNS)[number]): string => `c-${name}${column === name ? " at" : ""}`;
  return (
    <tr
      data-index={row.index} class={isFresh ? "fresh" : undefined} tabIndex={isTabStop ? 0 : -1} aria-selected={isSelected} aria-rowindex={position + 2}
      onClick={() => String(getSelection()) === "" && onOpen(row.index)}
    >
      <td class={`c-proof ${glyph}`}><span role="img" aria-label={GLYPH_TEXT[glyph][1]} title={GLYPH_TEXT[glyph][1]}>{GLYPH_TEXT[glyph][0]}</span></td>
      <td class={at("time")} title={localTime(row.time)}><span class="date">{date}</span> {time}</td>
      <td class={at("actor")}>
        <ActorGlyph type={row.actorType} /><span class="cut">{row.actor}</span>
        {row.isPrivileged && <Badge kind="warn" title={event.badges.admin[1]}>{event.badges.admin[0]}</Badge>}
      </td>
      <td class={at("action")}>{visible(row.action)}</td>
      <td class={at("target")}><span class="dim">{visible(row.targetType)}</span> {visible(row.target)}{row.moreTargets > 0 && <span class="dim">{`  +${row.moreTargets}`}</span>}</td>
      <td class={at("outcome")}><Outcome outcome={row.outcome} effect={row.effect} reason={row.reason} /></td>
      <td class={at("source")}>{row.source !== undefined && <><Value value={row.source} isShort /> </>}<span class="dim">{visible(row.service)}</span></td>
    </tr>
  );
}
