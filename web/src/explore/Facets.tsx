import * as api from "../api/logs";
import type { Asked } from "../api/logs";
import { messageOf } from "../api/problem";
import { useAsync } from "../app/useAsync";
import { explore } from "../text/en";
import { count } from "../text/format";
import { visible } from "../text/visible";
import { flat, tree, type FacetRow } from "./facetTree";
import { has, negated } from "./query";

const text = explore.facets;
const FIELDS = Object.keys(text.names);
const TOP = 8;
const TOP_OF_TREE = 24;

export interface FacetsProps {
  log: string;
  asked: Asked;
  asOf: number;
  open: readonly string[];
  onOpen: (open: string[]) => void;
  onPart: (part: string) => void;
}

/** The most frequent values of fields, each with its count; a press asks for one, or for all but it. Only what is open is counted. */
export function Facets({ open, onOpen, ...rest }: FacetsProps) {
  const toggle = (field: string) => onOpen(FIELDS.filter((name) => (name === field) !== open.includes(name)));
  return (
    <section class="facets" aria-label={text.title}>
      {FIELDS.map((field) => (
        <section key={field} class="facet">
          <h3><button type="button" class="facet-head" aria-expanded={open.includes(field)} onClick={() => toggle(field)}>{text.names[field]}</button></h3>
          {open.includes(field) && <Facet field={field} {...rest} />}
        </section>
      ))}
    </section>
  );
}

function Facet({ field, log, asked, asOf, onPart }: Omit<FacetsProps, "open" | "onOpen"> & { field: string }) {
  const isTree = field === "action";
  const loaded = useAsync(JSON.stringify([field, log, asked, asOf]), (signal) =>
    api.counts(log, asked, { by: field, top: isTree ? TOP_OF_TREE : TOP, as_of: asOf }, signal));
  const answer = loaded.kind === "ready" ? loaded.value : loaded.kind === "loading" ? loaded.before : null;
  if (loaded.kind === "failed") {
    return <p class="facet-note">{visible(messageOf(loaded.error))}</p>;
  }
  if (answer === null) {
    return <p class="facet-note">{"\u2026"}</p>;
  }
  const values = answer.values ?? [];
  const rows = isTree ? tree(field, values) : flat(field, values);
  const most = Math.max(...rows.map((row) => row.count), 1);
  return (
    <>
      <ul>{rows.map((row) => <Value key={row.part} row={row} most={most} q={asked.q} onPart={onPart} />)}</ul>
      {rows.length === 0 && <p class="facet-note">{text.none}</p>}
      {(answer.other_values ?? 0) > 0 && <p class="facet-note">{text.others((answer.distinct ?? 0) - values.length || answer.other_values!)}{answer.values_exact === false && ` \u00b7 ${text.about}`}</p>}
    </>
  );
}

function Value({ row, most, q, onPart }: { row: FacetRow; most: number; q: string; onPart: (part: string) => void }) {
  const label = visible(row.label);
  return (
    <li class={`facet-value depth-${row.depth}`} data-part={row.part}>
      <button type="button" class="facet-include" aria-pressed={has(q, row.part)} title={text.include(label)} onClick={() => onPart(row.part)}>
        <span class="cut">{label}</span><span class="facet-count">{count(row.count)}</span>
      </button>
      <button type="button" class="facet-exclude" aria-pressed={has(q, negated(row.part))} aria-label={text.exclude(label)} title={text.exclude(label)} onClick={() => onPart(negated(row.part))}>{"\u2212"}</button>
      <meter class="facet-bar" min={0} max={most} value={row.count} aria-hidden="true" />
    </li>
  );
}
