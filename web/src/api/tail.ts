import { parameters } from "./logs";
import { logPath, request } from "./request";

const MAX_EVENT_CHARS = 1 << 20;

export interface StreamEvent {
  id: string | null;
  event: string;
  data: string;
}

/** Reads one block of a stream of server-sent events; null where it says nothing. */
export function parseBlock(block: string): StreamEvent | null {
  const data: string[] = [];
  let id: string | null = null;
  let event = "message";
  for (const line of block.split(/\r?\n/)) {
    const [, name, text = ""] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? [];
    if (name === "data") {
      data.push(text);
    } else if (name === "id") {
      id = text;
    } else if (name === "event") {
      event = text;
    }
  }
  return data.length > 0 || id !== null ? { id, event, data: data.join("\n") } : null;
}

/**
 * Follows a log. EventSource cannot tell a refusal from a broken connection, so the stream is read here.
 * Returns when the server ends the stream.
 */
export async function* tail(log: string, q: string, lastId: number | null, signal: AbortSignal): AsyncGenerator<StreamEvent> {
  const headers: Record<string, string> = { Accept: "text/event-stream" };
  if (lastId !== null) {
    headers["Last-Event-ID"] = String(lastId);
  }
  const response = await request(`${logPath(log)}/tail?${parameters({ q })}`, { signal, headers });
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let buffer = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) {
      return;
    }
    buffer += value;
    const blocks = buffer.split(/\r?\n\r?\n/);
    buffer = blocks.pop() ?? "";
    if (buffer.length > MAX_EVENT_CHARS) {
      throw new Error("The live stream sent an event without an end.");
    }
    for (const block of blocks) {
      const event = parseBlock(block);
      if (event) {
        yield event;
      }
    }
  }
}
