// Explore by keyboard alone.

import type { RefObject } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { Row } from "../event/shape";
import { COLUMNS, pivotOf } from "./columns";
import { reveal, type Cursor } from "./EventTable";
import { negated } from "./query";

export interface KeyTargets {
  rows: readonly Row[];
  cursor: Cursor;
  setCursor: (cursor: Cursor) => void;
  input: RefObject<HTMLInputElement>;
  body: RefObject<HTMLTableSectionElement>;
  scroller: RefObject<HTMLDivElement>;
  isDrawerOpen: boolean;
  isDialogOpen: boolean;
  /** Opens an event, or none; `replace` where one passes it on the way to another. */
  open: (index: number | null, replace?: boolean) => void;
  pivot: (field: string, value: unknown, exclude: boolean) => void;
  toggle: (part: string) => void;
  showExport: () => void;
  showHelp: () => void;
  loadMore: () => void;
}

const MOVES: ReadonlySet<string> = new Set(["j", "k", "ArrowDown", "ArrowUp", "ArrowLeft", "ArrowRight"]);

const isTyping = (target: Element): boolean => target.closest("input, textarea, select") !== null;

export function useKeys(targets: KeyTargets): void {
  const now = useRef(targets);
  now.current = {
    ...targets,
    // Keys come faster than the page is drawn: the next one begins where this one went.
    setCursor: (cursor) => {
      now.current = { ...now.current, cursor };
      targets.setCursor(cursor);
    },
  };
  const wanted = useRef<number | null>(null);

  // A row may have to be drawn before it can be focused.
  useEffect(() => {
    const row = wanted.current !== null && targets.body.current?.querySelector<HTMLElement>(`tr[data-index="${wanted.current}"]`);
    if (row) {
      row.focus({ preventScroll: true });
      wanted.current = null;
    }
  });

  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const target = event.target as Element;
      if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || now.current.isDialogOpen) {
        return;
      }
      if (event.key === "Escape") {
        escape(now.current, target);
        wanted.current = isTyping(target) ? null : now.current.cursor.index;
      } else if (!isTyping(target) && handle(now.current, event, target)) {
        event.preventDefault();
        wanted.current = MOVES.has(event.key) ? now.current.cursor.index : null;
      }
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, []);
}

function escape({ isDrawerOpen, open, input }: KeyTargets, target: Element): void {
  if (target === input.current) {
    input.current?.blur();
  } else if (isDrawerOpen) {
    open(null);
  }
}

/** Does what a key means; false where it means nothing here. */
function handle(to: KeyTargets, event: KeyboardEvent, target: Element): boolean {
  const row = target.closest<HTMLElement>("tr[data-index]");
  switch (event.key) {
    case "/":
      to.input.current?.focus();
      to.input.current?.select();
      return true;
    case "j":
    case "k":
      move(to, event.key === "j" ? 1 : -1);
      return true;
    case "ArrowDown":
    case "ArrowUp":
      if (row) {
        move(to, event.key === "ArrowDown" ? 1 : -1);
      }
      return row !== null;
    case "ArrowLeft":
    case "ArrowRight":
      if (row) {
        const at = COLUMNS.indexOf(to.cursor.column) + (event.key === "ArrowRight" ? 1 : -1);
        to.setCursor({ index: Number(row.dataset["index"]), column: COLUMNS[Math.min(COLUMNS.length - 1, Math.max(0, at))]! });
      }
      return row !== null;
    case "Enter":
      if (row) {
        to.open(Number(row.dataset["index"]));
        requestAnimationFrame(() => document.getElementById("drawer")?.focus());
      }
      return row !== null;
    case "f":
    case "x":
      return askFor(to, target, row, event.key === "x");
    case "e":
      to.showExport();
      return true;
    case "?":
      to.showHelp();
      return true;
    default:
      return false;
  }
}

function move(to: KeyTargets, step: 1 | -1): void {
  const from = to.rows.findIndex((row) => row.index === to.cursor.index);
  const at = from < 0 ? 0 : from + step;
  const row = to.rows[at];
  if (!row) {
    if (step > 0) {
      to.loadMore();
    }
    return;
  }
  to.setCursor({ ...to.cursor, index: row.index });
  if (to.scroller.current) {
    reveal(to.scroller.current, at);
  }
  if (to.isDrawerOpen) {
    to.open(row.index, true);
  }
}

/** Asks for the value under the keyboard, or for all but it: a fact of an event, a value of a facet, a cell of the list. */
function askFor(to: KeyTargets, target: Element, row: HTMLElement | null, exclude: boolean): boolean {
  const part = target.closest<HTMLElement>("[data-part]")?.dataset["part"];
  if (part !== undefined) {
    to.toggle(exclude ? negated(part) : part);
    return true;
  }
  const fact = target.closest<HTMLElement>("[data-field]")?.dataset;
  if (fact?.["field"] !== undefined) {
    to.pivot(fact["field"], JSON.parse(fact["value"]!), exclude);
    return true;
  }
  const model = row && to.rows.find((one) => one.index === Number(row.dataset["index"]));
  const found = model && pivotOf(model, to.cursor.column);
  if (found) {
    to.pivot(found.field, found.value, exclude);
  }
  return Boolean(found);
}
