// Who is signed in. One store for the page; other tabs are told of sign-ins and sign-outs, and nothing but that there was one.

import { useEffect, useState } from "preact/hooks";
import { me as fetchMe } from "../api/logs";
import { Problem, isProblem, messageOf } from "../api/problem";
import * as api from "../api/request";
import type { LogRights, Me, Session } from "../api/types";
import { session as text } from "../text/en";

export interface SignedIn {
  session: Session;
  me: Me;
  /** The logs that may be read, those of the node itself last. */
  logs: LogRights[];
}

export type State =
  | { kind: "starting" }
  | { kind: "out"; message: string }
  | { kind: "offline"; message: string }
  | { kind: "in"; who: SignedIn };

const KEY = /^ind_[awr]_[A-Za-z0-9_-]{43}$/;
const RECHECK_AFTER_S = 60;

let state: State = { kind: "starting" };
const listeners = new Set<() => void>();
const tabs = new BroadcastChannel("indelible.session");
let dueAt = Infinity;
let due = 0;

function set(next: State): void {
  state = next;
  listeners.forEach((listener) => listener());
}

export function useSession(): State {
  const [current, setCurrent] = useState(state);
  useEffect(() => {
    const read = () => setCurrent(state);
    listeners.add(read);
    read();
    return () => void listeners.delete(read);
  }, []);
  return current;
}

function readable(me: Me): LogRights[] {
  const own = (log: LogRights): number => (log.name.startsWith("_") ? 1 : 0);
  return me.logs.filter((log) => log.rights.includes("read")).sort((a, b) => own(a) - own(b));
}

async function enter(session: Session): Promise<void> {
  const me = await fetchMe();
  expectEnd(session);
  set({ kind: "in", who: { session, me, logs: readable(me) } });
}

/** Takes off the page what was read in a session, and says why. The URL stays, and with it the query. */
function leave(message: string): void {
  clearTimeout(due);
  dueAt = Infinity;
  set({ kind: "out", message });
}

/** What to do about an answer that any screen got: true where it was the end of the session, and is dealt with. */
export function endedBy(error: unknown): boolean {
  if (!isProblem(error, 401)) {
    return false;
  }
  if (state.kind !== "out") {
    leave(error.kind === "session-ended" ? error.message : text.notAnyMore);
  }
  return true;
}

/** Asks whether there is a session still, which is no use of it. A screen that nobody looks after is emptied when there is not. */
export async function recheck(): Promise<void> {
  try {
    const session = await api.session();
    if (state.kind === "in" && session.principal === state.who.session.principal) {
      expectEnd(session);
    } else {
      await enter(session);
    }
  } catch (error) {
    if (!endedBy(error)) {
      expectEnd({ idle_s: RECHECK_AFTER_S });
    }
  }
}

function expectEnd({ idle_s: left }: { idle_s: number }): void {
  const delay = (left + 1) * 1000;
  clearTimeout(due);
  dueAt = Date.now() + delay;
  due = window.setTimeout(() => void recheck(), delay);
}

/** Finds out whether there is a session already. */
export async function start(): Promise<void> {
  try {
    await enter(await api.session());
  } catch (error) {
    if (isProblem(error, 401)) {
      leave(error.kind === "session-ended" ? error.message : "");
    } else {
      set({ kind: "offline", message: messageOf(error) });
    }
  }
}

/** Signs in; answers with what is wrong, or null. */
export async function signIn(key: string): Promise<string | null> {
  if (!KEY.test(key)) {
    return text.keyForm;
  }
  try {
    await enter(await api.signIn(key));
    tabs.postMessage("changed");
    return null;
  } catch (error) {
    return isProblem(error, 401) ? text.keyNotTaken : messageOf(error);
  }
}

export async function signOut(): Promise<void> {
  try {
    await api.signOut();
  } catch (error) {
    if (!(error instanceof Problem && error.status === 401)) {
      throw error;
    }
  }
  tabs.postMessage("changed");
  leave(text.signedOut);
}

tabs.addEventListener("message", () => void recheck());
document.addEventListener("visibilitychange", () => {
  if (!document.hidden && Date.now() > dueAt) {
    void recheck();
  }
});
