// Talks to the server. A key is shown once, in the header of the sign-in, and nowhere kept; from then on the browser sends a
// cookie that no script can read, and changes carry a token beside it, which is worth nothing without the cookie.

const CSRF = "Indelible-CSRF";
let csrf = "";

/** An answer other than success, told as RFC 9457 problem details where the server gave them. */
export class Problem extends Error {
  constructor(status, details) {
    super(details.detail || details.title || `The server answered ${status}.`);
    this.status = status;
    this.kind = String(details.type ?? "").replace(/^urn:indelible:/, "");
    this.title = details.title ?? "";
    this.errors = Array.isArray(details.errors) ? details.errors : [];
  }
}

const MAX_PROBLEM_CHARS = 64 * 1024;

async function request(path, { signal, method = "GET", headers = {}, body } = {}) {
  const response = await fetch(path, {
    signal,
    method,
    headers,
    body,
    cache: "no-store",
    credentials: "same-origin",
    redirect: "error",
  });
  if (!response.ok) {
    const body = (await response.text()).slice(0, MAX_PROBLEM_CHARS);
    let details = {};
    try {
      details = JSON.parse(body) ?? {};
    } catch {
      // Not problem+json (a proxy's page, say): its text is not worth showing.
    }
    throw new Problem(response.status, details);
  }
  return response;
}

const json = async (path, options) => (await request(path, options)).json();
const bytes = async (path, options) => new Uint8Array(await (await request(path, options)).arrayBuffer());
const at = (log) => `api/logs/${encodeURIComponent(log)}`;

/** Sends a change. Where another tab has signed in meanwhile, its session is this one's as well, and its token is asked for. */
async function change(path, options) {
  const send = () => request(path, { ...options, headers: { ...options.headers, [CSRF]: csrf } });
  try {
    return await send();
  } catch (error) {
    if (error.kind !== "cross-site") {
      throw error;
    }
    await session();
    return send();
  }
}

async function open(options) {
  const answer = await json("api/session", options);
  csrf = answer.csrf;
  return answer;
}

/** Exchanges a key for a session: {principal, expires, idle_s}. The key is not kept. */
export const signIn = (key) => open({ method: "POST", headers: { Authorization: `Bearer ${key}` } });

/** The session that there is. To ask is no use of it. */
export const session = () => open({});

export async function signOut() {
  await change("api/session", { method: "DELETE" });
  csrf = "";
}

/** Who is signed in, and what he may do with which log. */
export const me = () => json("api/me");

export function search(log, { q, limit, cursor }, signal) {
  const query = new URLSearchParams({ q, limit });
  if (cursor) {
    query.set("cursor", cursor);
  }
  return json(`${at(log)}/events?${query}`, { signal });
}

/** An entry's bytes, and what its reader is shown of personal values: "shown", "on_request" or "hidden". */
export async function entry(log, index, signal) {
  const response = await request(`${at(log)}/events/${index}`, { signal });
  return { bytes: new Uint8Array(await response.arrayBuffer()), personal: response.headers.get("Indelible-Personal") ?? "hidden" };
}

export const clear = (log, index, signal) => json(`${at(log)}/events/${index}?view=clear`, { signal });

/** The entry as search shows it, with its personal values. The reason is recorded first. */
export const reveal = async (log, index, reason) => (await change(`${at(log)}/events/${index}/reveal`, {
  method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ reason }),
})).json();

export const openings = async (log, index, signal) => (await json(`${at(log)}/events/${index}?openings=true`, { signal })).openings ?? [];
export const proof = (log, index, signal) => bytes(`${at(log)}/events/${index}/proof`, { signal });
export const consistency = (log, from, to, signal) => json(`${at(log)}/consistency?from=${from}&to=${to}`, { signal });

const MAX_EVENT_CHARS = 1 << 20;

/**
 * Follows a log. EventSource cannot tell a refusal from a broken connection, so the stream is read here.
 * Yields {id, event, data}; returns when the server ends the stream.
 */
export async function* tail(log, q, lastId, signal) {
  const headers = { Accept: "text/event-stream" };
  if (lastId !== null) {
    headers["Last-Event-ID"] = String(lastId);
  }
  const response = await request(`${at(log)}/tail?${new URLSearchParams({ q })}`, { signal, headers });
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let buffer = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) {
      return;
    }
    buffer += value;
    const lines = buffer.split(/\r?\n\r?\n/);
    buffer = lines.pop();
    if (buffer.length > MAX_EVENT_CHARS) {
      throw new Error("The live stream sent an event without an end.");
    }
    for (const block of lines) {
      const event = { id: null, event: "message", data: [] };
      for (const line of block.split(/\r?\n/)) {
        const [, name, text] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? [];
        if (name === "data") {
          event.data.push(text ?? "");
        } else if (name === "id" || name === "event") {
          event[name] = text ?? "";
        }
      }
      if (event.data.length > 0 || event.id !== null) {
        yield { ...event, data: event.data.join("\n") };
      }
    }
  }
}
