import { useEffect } from "preact/hooks";
import { formatRoute, navigate } from "../app/router";
import type { ScreenProps } from "../app/screens";
import { useLog } from "../app/Shell";
import { Button } from "../design/controls";
import { toast } from "../design/toast";
import { withValue } from "../explore/query";
import { readIndex } from "../explore/state";
import { app, event as text } from "../text/en";
import { EventView } from "./EventView";
import { Empty } from "../design/states";

/** An event on a page of its own, to be linked to. */
export function EventPage({ params }: ScreenProps) {
  const log = useLog(params);
  const index = readIndex(params.get("index"));
  useEffect(() => {
    document.title = [index !== null && `#${index}`, log, app.name].filter(Boolean).join(" \u00b7 ");
  }, [index, log]);
  if (index === null) {
    return <Empty>{text.noIndex}</Empty>;
  }
  const explore = (q: string) => navigate({ screen: "explore", params: new URLSearchParams({ log, ...(q && { q }) }) });
  const copy = () => void navigator.clipboard.writeText(location.href).then(() => toast(text.copied));
  return (
    <div class="event-page">
      <EventView
        key={`${log}/${index}`} log={log} index={index} item={null} tab={params.get("tab") ?? ""}
        onTab={(tab) => navigate({ screen: "event", params: new URLSearchParams({ log, index: String(index), tab }) }, true)}
        onPivot={(field, value, exclude) => explore(withValue("", field, value, exclude))} onQuery={explore}
        actions={(
          <>
            <Button kind="quiet" isSmall onClick={copy}>{text.copyLink}</Button>
            <a class="button quiet small" href={formatRoute({ screen: "explore", params: new URLSearchParams({ log, index: String(index) }) })}>{text.back}</a>
          </>
        )}
      />
    </div>
  );
}
