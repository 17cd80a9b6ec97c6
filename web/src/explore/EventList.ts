// The list of what matches: the first page and those behind it by cursor, and what arrives while it is followed.

import * as api from "../api/logs";
import type { Asked } from "../api/logs";
import { isAbort, isProblem } from "../api/problem";
import { tail } from "../api/tail";
import type { Item, SearchAnswer, Total } from "../api/types";
import { recheck } from "../app/session";
import { rowOf, type Row } from "../event/shape";
import { explore as text } from "../text/en";

const PAGE = 200;
const MAX_KEPT_ITEMS = 5_000;
const MAX_WAITING = 10_000;
const MAX_ROWS = 200_000;
const RETRY_MS = 500;
const MAX_RETRY_MS = 30_000;

export interface ListState {
  kind: "searching" | "ready" | "failed";
  error: unknown;
  rows: readonly Row[];
  total: Total | null;
  asOf: number;
  indexed: number;
  notices: readonly string[];
  hasMore: boolean;
  isLoadingMore: boolean;
  moreError: unknown;
  live: "off" | "on" | "reconnecting";
  isPaused: boolean;
  waiting: number;
  arrived: number;
  /** How many rows at the top are those that came last. */
  fresh: number;
  remarks: Readonly<Record<string, string>>;
}

const BEFORE: ListState = {
  kind: "searching", error: null, rows: [], total: null, asOf: 0, indexed: 0, notices: [], hasMore: false, isLoadingMore: false, moreError: null,
  live: "off", isPaused: false, waiting: 0, arrived: 0, fresh: 0, remarks: {},
};

/** The list of one log and query. Made anew for another; `close` ends what is under way. */
export class EventList {
  state: ListState = BEFORE;
  /** Whether new rows may be shown at once: the reader is at the top, and nothing moves under his eye. */
  isAtTop = true;

  readonly #listeners = new Set<() => void>();
  readonly #closed = new AbortController();
  readonly #items = new Map<number, Item>();
  readonly #known = new Set<number>();
  #following: AbortController | null = null;
  #waiting: Item[] = [];
  #next: string | null = null;
  #understood = "";

  constructor(readonly log: string, readonly asked: Asked) {}

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  close(): void {
    this.#closed.abort();
    this.#following?.abort();
    this.#listeners.clear();
  }

  /** What the list has of an entry; the oldest of what was loaded is forgotten, and is then read by itself. */
  item(index: number): Item | null {
    return this.#items.get(index) ?? null;
  }

  async search(): Promise<void> {
    try {
      const answer = await api.search(this.log, this.asked, { limit: PAGE }, this.#closed.signal);
      this.#set({ kind: "ready", total: answer.total, asOf: answer.as_of, indexed: answer.indexed, notices: answer.notices ?? [] });
      this.#append(answer);
    } catch (error) {
      if (!isAbort(error)) {
        this.#set({ kind: "failed", error });
      }
    }
  }

  async loadMore(): Promise<void> {
    if (this.#next === null || this.state.isLoadingMore) {
      return;
    }
    this.#set({ isLoadingMore: true, moreError: null });
    try {
      // A cursor goes with the query as the server understood it, its relative times made absolute.
      this.#append(await api.search(this.log, { ...this.asked, q: this.#understood }, { limit: PAGE, cursor: this.#next }, this.#closed.signal));
      this.#set({ isLoadingMore: false });
    } catch (error) {
      if (!isAbort(error)) {
        this.#set({ isLoadingMore: false, moreError: error });
      }
    }
  }

  #append(answer: SearchAnswer): void {
    const items = (answer.items ?? []).filter((item) => !this.#known.has(item.index));
    items.forEach((item) => this.#keep(item));
    this.#understood = answer.query ?? this.asked.q;
    this.#next = answer.next ?? null;
    this.#set({ rows: [...this.state.rows, ...items.map(rowOf)], hasMore: this.#next !== null });
  }

  #keep(item: Item): void {
    this.#known.add(item.index);
    this.#items.set(item.index, item);
    if (this.#items.size > MAX_KEPT_ITEMS) {
      this.#items.delete(this.#items.keys().next().value!);
    }
  }

  // ---- what arrives

  async follow(): Promise<void> {
    const controller = new AbortController();
    this.#following?.abort();
    this.#following = controller;
    this.#set({ live: "on", isPaused: false });
    // Resuming after the last index that the search covered leaves no gap between the two.
    let last = this.state.asOf > 0 ? this.state.asOf - 1 : null;
    for (let failures = 0; !controller.signal.aborted;) {
      try {
        for await (const event of tail(this.log, this.asked.q, last, controller.signal)) {
          failures = 0;
          if (this.state.live !== "on") {
            this.#set({ live: "on" });
          }
          if (/^[0-9]{1,16}$/.test(event.id ?? "")) {
            last = Number(event.id);
          }
          this.#receive(event.event, event.data);
        }
      } catch (error) {
        if (controller.signal.aborted) {
          return;
        }
        if (isProblem(error) && error.status >= 400 && error.status < 500 && error.status !== 429) {
          this.unfollow();
          this.#set({ moreError: error });
          return;
        }
      }
      failures++;
      this.#set({ live: controller.signal.aborted ? "off" : "reconnecting" });
      await new Promise((resume) => setTimeout(resume, Math.min(MAX_RETRY_MS, RETRY_MS * 2 ** failures)));
    }
  }

  unfollow(): void {
    this.#following?.abort();
    this.#following = null;
    this.showWaiting();
    this.#set({ live: "off", isPaused: false });
  }

  pause(isPaused: boolean): void {
    this.#set({ isPaused });
    if (!isPaused) {
      this.showWaiting();
    }
  }

  #receive(kind: string, data: string): void {
    switch (kind) {
      case "entry":
        this.#arrive(JSON.parse(data) as Item);
        break;
      case "end":
        void recheck(); // The session is over, or a right was taken away: asking again tells which.
        break;
      case "skipped": {
        const { from, to, entries } = JSON.parse(data) as { from: number; to: number; entries: number };
        this.#remark("skipped", text.skipped(entries, from, to));
        break;
      }
      case "notice":
        this.#remark("notice", data);
        break;
    }
  }

  #arrive(item: Item): void {
    if (this.#known.has(item.index)) {
      return;
    }
    this.#keep(item);
    this.#waiting.push(item);
    if (this.#waiting.length > MAX_WAITING) {
      this.#waiting.shift();
      this.#remark("dropped", text.dropped(MAX_WAITING));
    }
    this.#set({ waiting: this.#waiting.length });
    if (this.isAtTop && !this.state.isPaused) {
      this.showWaiting();
    }
  }

  showWaiting(): void {
    if (this.#waiting.length === 0) {
      return;
    }
    const fresh = this.#waiting.reverse().map(rowOf);
    this.#waiting = [];
    let rows = [...fresh, ...this.state.rows];
    if (rows.length > MAX_ROWS) {
      // The view is capped, the log is not: a search finds what was cut.
      rows = rows.slice(0, MAX_ROWS);
      this.#next = null;
      this.#remark("dropped", text.dropped(MAX_ROWS));
    }
    this.#set({ rows, waiting: 0, arrived: this.state.arrived + fresh.length, fresh: fresh.length, hasMore: this.#next !== null });
  }

  /** Says something of the stream, in the place of what was said of that before. */
  #remark(about: string, words: string): void {
    this.#set({ remarks: { ...this.state.remarks, [about]: words } });
  }

  #set(change: Partial<ListState>): void {
    this.state = { ...this.state, ...change };
    this.#listeners.forEach((listener) => listener());
  }
}
