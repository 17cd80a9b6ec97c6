import type { Entry, Json } from "../api/types";
import { Badge } from "../design/controls";
import { event } from "../text/en";
import { member } from "./shape";
import { Value } from "./Value";

const text = event.changes;

export const changesOf = (entry: Entry): Json[] => (Array.isArray(entry["changes"]) ? entry["changes"] : []);

/** What an event changed: old and new, side by side. */
export function Changes({ changes }: { changes: readonly Json[] }) {
  return (
    <table class="table changes">
      <thead><tr><th scope="col">{text.path}</th><th scope="col">{text.old}</th><th scope="col">{text.new}</th></tr></thead>
      <tbody>
        {changes.map((change) => {
          const [before, after] = [member(change, "old"), member(change, "new")];
          return (
            <tr>
              <th scope="row"><Value value={member(change, "path") ?? ""} /></th>
              <td class={before === undefined ? "" : "old"}>{before === undefined ? after !== undefined && <Badge>{text.added}</Badge> : <Value value={before} />}</td>
              <td class={after === undefined ? "" : "new"}>{after === undefined ? before !== undefined && <Badge>{text.removed}</Badge> : <Value value={after} />}</td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}
