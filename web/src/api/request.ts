// Talks to the server. A key is shown once, in the header of the sign-in, and nowhere kept; from then on the browser sends a
// cookie that no script can read, and changes carry a token beside it, which is worth nothing without the cookie.

import { Offline, Problem, isAbort, isProblem, type ProblemDetails } from "./problem";
import type { Session } from "./types";

const CSRF = "Indelible-CSRF";
const MAX_PROBLEM_CHARS = 64 * 1024;
let csrf = "";

export interface Ask {
  signal?: AbortSignal | undefined;
  method?: string;
  headers?: Record<string, string>;
  body?: string;
}

export async function request(path: string, { signal, method = "GET", headers = {}, body }: Ask = {}): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(path, {
      method, headers, cache: "no-store", credentials: "same-origin", redirect: "error",
      ...(signal && { signal }), ...(body !== undefined && { body }),
    });
  } catch (error) {
    throw isAbort(error) ? error : new Offline("The server cannot be reached.");
  }
  if (!response.ok) {
    const text = (await response.text()).slice(0, MAX_PROBLEM_CHARS);
    let details: ProblemDetails = {};
    try {
      details = (JSON.parse(text) as ProblemDetails | null) ?? {};
    } catch {
      // Not problem+json (a proxy's page, say): its text is not worth showing.
    }
    throw new Problem(response.status, details);
  }
  return response;
}

export const json = async <T>(path: string, ask?: Ask): Promise<T> => (await (await request(path, ask)).json()) as T;
export const bytes = async (path: string, ask?: Ask): Promise<Uint8Array<ArrayBuffer>> => new Uint8Array(await (await request(path, ask)).arrayBuffer());
export const logPath = (log: string): string => `api/logs/${encodeURIComponent(log)}`;

/** Sends a change. Where another tab has signed in meanwhile, its session is this one's as well, and its token is asked for. */
export async function change(path: string, ask: Ask): Promise<Response> {
  const send = () => request(path, { ...ask, headers: { ...ask.headers, [CSRF]: csrf } });
  try {
    return await send();
  } catch (error) {
    if (!isProblem(error) || error.kind !== "cross-site") {
      throw error;
    }
    await session();
    return send();
  }
}

async function open(ask: Ask): Promise<Session> {
  const answer = await json<Session & { csrf: string }>("api/session", ask);
  csrf = answer.csrf;
  return answer;
}

/** Exchanges a key for a session. The key is not kept. */
export const signIn = (key: string): Promise<Session> => open({ method: "POST", headers: { Authorization: `Bearer ${key}` } });

/** The session that there is. To ask is no use of it. */
export const session = (): Promise<Session> => open({});

export async function signOut(): Promise<void> {
  await change("api/session", { method: "DELETE" });
  csrf = "";
}
