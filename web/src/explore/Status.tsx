import { explore as text } from "../text/en";
import { count, total } from "../text/format";
import { visible } from "../text/visible";
import type { ListState } from "./EventList";

/** How many events match, of what size of the log, and what came since. */
export function Status({ list, log }: { list: ListState | null; log: string }) {
  return (
    <p id="status" class="status" role="status">
      {list === null || list.kind === "searching" ? text.searching : list.kind === "ready" && (
        <>
          <strong>{list.total ? total(list.total) : count(list.rows.length)}</strong> {text.events(list.total?.value ?? list.rows.length)} {text.asOf(log, list.asOf)}
          {list.arrived > 0 && <span id="arrived">{` \u00b7 ${text.arrived(list.arrived)}`}</span>}
        </>
      )}
    </p>
  );
}

const SAYS_GAP = /\bhave not arrived\b|\bgaps in the numbers\b/;

/** What the server and the stream say of the answer: what is missing first, since it bears on everything below. */
export function Notices({ list }: { list: ListState }) {
  const gaps = list.notices.filter((notice) => SAYS_GAP.test(notice));
  const others = [
    ...list.notices.filter((notice) => !SAYS_GAP.test(notice)),
    ...(list.kind === "ready" && list.indexed < list.asOf ? [text.lag(list.asOf - list.indexed)] : []),
    ...Object.values(list.remarks),
  ];
  return (
    <>
      {gaps.length > 0 && <div class="banner bad" role="note"><strong>{text.gaps}</strong><ul>{gaps.map((gap) => <li key={gap}>{visible(gap)}</li>)}</ul></div>}
      {others.length > 0 && <div class="banner" role="note" aria-label={text.notices}><ul>{others.map((notice) => <li key={notice}>{visible(notice)}</li>)}</ul></div>}
    </>
  );
}
