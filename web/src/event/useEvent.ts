import { useEffect, useState } from "preact/hooks";
import { isAbort } from "../api/problem";
import type { Item } from "../api/types";
import { endedBy } from "../app/session";
import { failed } from "../proof/verdict";
import { loadEvent, type LoadedEvent } from "./loadEvent";
import { revealed } from "./shape";
import { rememberVerdict } from "./verdicts";

/** An event and the verdict on its proof; anew after `again`. */
export function useEvent(log: string, index: number, item: Item | null, mayExport: boolean, again: number): LoadedEvent {
  const [event, setEvent] = useState<LoadedEvent>({ shown: item && revealed(item), bytes: null, hidden: null, verdict: { kind: "checking" } });
  useEffect(() => {
    const controller = new AbortController();
    const tell = (next: LoadedEvent) => {
      setEvent(next);
      rememberVerdict(log, index, next.verdict);
    };
    loadEvent(log, index, item, mayExport, controller.signal, tell).catch((error: unknown) => {
      if (!isAbort(error) && !controller.signal.aborted && !endedBy(error)) {
        setEvent((before) => ({ ...before, verdict: failed(error, null) }));
      }
    });
    return () => controller.abort();
  }, [log, index, item, mayExport, again]);
  return event;
}
