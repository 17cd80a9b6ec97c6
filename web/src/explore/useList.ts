import { useEffect, useState } from "preact/hooks";
import type { Asked } from "../api/logs";
import { endedBy } from "../app/session";
import { EventList } from "./EventList";

/** The list for a log and query; `again` makes it anew though neither changed. Null where there is no log. */
export function useList(log: string, asked: Asked, again: number): EventList | null {
  const [list, setList] = useState<EventList | null>(null);
  const [, setDrawn] = useState(0);
  useEffect(() => {
    if (!log) {
      return undefined;
    }
    const next = new EventList(log, asked);
    next.subscribe(() => {
      if (!endedBy(next.state.error) && !endedBy(next.state.moreError)) {
        setDrawn((n) => n + 1);
      }
    });
    setList(next);
    void next.search();
    return () => next.close();
  }, [log, asked, again]);
  return list?.log === log ? list : null;
}
