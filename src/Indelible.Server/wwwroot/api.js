// Talks to the server. The key goes into the Authorization header and nowhere else: no cookie, no URL.

const KEY = "indelible.key";

export const key = {
  get: () => sessionStorage.getItem(KEY),
  set: (value) => sessionStorage.setItem(KEY, value),
  forget: () => sessionStorage.removeItem(KEY),
};

/** An answer other than success, told as RFC 9457 problem details where the server gave them. */
export class Problem extends Error {
  constructor(status, details) {
    super(details.detail || details.title || `The server answered ${status}.`);
    this.status = status;
    this.title = details.title ?? "";
    this.errors = Array.isArray(details.errors) ? details.errors : [];
  }
}

const MAX_PROBLEM_CHARS = 64 * 1024;

async function request(path, { signal, headers = {}, withKey = key.get() } = {}) {
  const response = await fetch(path, {
    signal,
    headers: withKey ? { ...headers, Authorization: `Bearer ${withKey}` } : headers,
    cache: "no-store",
    credentials: "omit",
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

/** The logs that a key may read. */
export async function logs(withKey) {
  const answer = await json("api/logs", { withKey });
  return (Array.isArray(answer) ? answer : answer.logs ?? answer.items ?? []).map((log) => (typeof log === "string" ? { name: log } : log));
}

export function search(log, { q, limit, cursor }, signal) {
  const query = new URLSearchParams({ q, limit });
  if (cursor) {
    query.set("cursor", cursor);
  }
  return json(`${at(log)}/events?${query}`, { signal });
}

export const entry = (log, index, signal) => bytes(`${at(log)}/events/${index}`, { signal });
export const openings = async (log, index, signal) => (await json(`${at(log)}/events/${index}?openings=true`, { signal })).openings ?? [];
export const proof = (log, index, signal) => bytes(`${at(log)}/events/${index}/proof`, { signal });
export const consistency = (log, from, to, signal) => json(`${at(log)}/consistency?from=${from}&to=${to}`, { signal });

const MAX_EVENT_CHARS = 1 << 20;

/**
 * Follows a log. EventSource cannot send an Authorization header, so the stream is read here.
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
