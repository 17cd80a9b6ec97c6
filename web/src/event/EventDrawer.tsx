import { formatRoute } from "../app/router";
import { Button } from "../design/controls";
import { Drawer } from "../design/layers";
import { event as text } from "../text/en";
import { EventView, type EventViewProps } from "./EventView";

/** An event beside the list that it was opened from. */
export function EventDrawer({ onClose, ...view }: Omit<EventViewProps, "actions"> & { onClose: () => void }) {
  const page = formatRoute({ screen: "event", params: new URLSearchParams({ log: view.log, index: String(view.index), ...(view.tab && { tab: view.tab }) }) });
  return (
    <Drawer id="drawer" labelledBy="drawer-title">
      <EventView {...view} actions={(
        <>
          <a class="button quiet icon" href={page} aria-label={text.page} title={text.page}>{"\u2197"}</a>
          <Button kind="quiet" isIcon class="close" aria-label={text.close} onClick={onClose}>{"\u2715"}</Button>
        </>
      )} />
    </Drawer>
  );
}
