import { context } from "../api/logs";
import type { Item } from "../api/types";
import { formatRoute } from "../app/router";
import { useAsync } from "../app/useAsync";
import { Button } from "../design/controls";
import { Failure, Loading } from "../design/states";
import { event } from "../text/en";
import { splitTime, total } from "../text/format";
import { visible } from "../text/visible";
import { Outcome } from "./Value";
import { rowOf } from "./shape";

const text = event.context;
const EACH_SIDE = 5;

/** What stands around an event: of the same actor, session, trace and targets, by time; and what it is linked with. */
export function Context({ log, index, onQuery }: { log: string; index: number; onQuery: (q: string) => void }) {
  const loaded = useAsync(`${log}/${index}`, (signal) => context(log, index, EACH_SIDE, signal));
  if (loaded.kind === "loading") {
    return <Loading />;
  }
  if (loaded.kind === "failed") {
    return <Failure error={loaded.error} />;
  }
  const { groups, links } = loaded.value;
  const around = groups.filter((group) => group.before.length + group.after.length > 0);
  return (
    <div class="context stack">
      {around.length + links.length === 0 && <p class="dim">{text.none}</p>}
      {links.map((link) => <Group title={text.links[link.kind] ?? link.kind} id={link.id} query={link.query} all={total(link.total)} log={log} before={link.items} after={[]} onQuery={onQuery} />)}
      {around.map((group) => (
        <Group
          title={text.kinds[group.kind] ?? group.kind} id={group.type ? `${group.type} ${group.id}` : group.id} query={group.query} all={total(group.total)} log={log}
          before={group.before} after={group.after} onQuery={onQuery} isAround
        />
      ))}
      {loaded.value.notices.map((notice) => <p class="dim">{visible(notice)}</p>)}
    </div>
  );
}

interface GroupProps {
  title: string;
  id: string;
  query: string;
  all: string;
  log: string;
  before: readonly Item[];
  after: readonly Item[];
  isAround?: boolean;
  onQuery: (q: string) => void;
}

function Group({ title, id, query, all, log, before, after, isAround = false, onQuery }: GroupProps) {
  return (
    <section class="context-group">
      <h3>{title} <span class="mono dim cut">{visible(id)}</span><span class="grow" /><Button kind="quiet" isSmall onClick={() => onQuery(query)}>{text.all(all)}</Button></h3>
      <ol>
        {before.map((item) => <Line log={log} item={item} />)}
        {isAround && <li class="context-here" aria-current="true">{text.here}</li>}
        {after.map((item) => <Line log={log} item={item} />)}
      </ol>
    </section>
  );
}

function Line({ log, item }: { log: string; item: Item }) {
  const row = rowOf(item);
  const [date, time] = splitTime(row.time);
  return (
    <li>
      <a href={formatRoute({ screen: "event", params: new URLSearchParams({ log, index: String(item.index) }) })}>
        <span class="dim">{date}</span> {time}
      </a>
      <span class="cut">{row.actor}</span><span class="mono cut">{visible(row.action)}</span><span><Outcome outcome={row.outcome} effect={row.effect} reason={row.reason} /></span>
    </li>
  );
}
