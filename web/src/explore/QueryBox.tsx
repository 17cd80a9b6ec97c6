import type { RefObject } from "preact";
import { useEffect, useState } from "preact/hooks";
import { queryFault } from "../api/problem";
import { Button, Chip } from "../design/controls";
import { explore as text } from "../text/en";
import { visible } from "../text/visible";
import { clauses, withNegated, withoutClause } from "./query";

export interface QueryBoxProps {
  q: string;
  input: RefObject<HTMLInputElement>;
  error: unknown;
  onSearch: (q: string) => void;
}

/** The query, its parts as chips, and where it is wrong. */
export function QueryBox({ q, input, error, onSearch }: QueryBoxProps) {
  const [typed, setTyped] = useState(q);
  useEffect(() => setTyped(q), [q]);
  const fault = queryFault(error);
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    onSearch(typed.trim());
  };
  return (
    <form id="search" role="search" class="query-box" onSubmit={submit}>
      <label class="sr" for="q">{text.search}</label>
      <input
        ref={input} id="q" class="input query-input mono" type="search" autocomplete="off" autocapitalize="off" spellcheck={false} maxLength={4096}
        placeholder={text.placeholder} aria-invalid={fault !== null} aria-describedby={fault ? "fault" : undefined} value={typed}
        onInput={(event) => setTyped(event.currentTarget.value)}
      />
      <kbd class="query-hint" aria-hidden="true">/</kbd>
      <Button type="submit" class="query-run">{text.run}</Button>
    </form>
  );
}

/** What the server says of a query that it cannot read, with a caret under the place. */
export function QueryFault({ q, error }: { q: string; error: unknown }) {
  const fault = queryFault(error);
  if (fault === null) {
    return null;
  }
  // The text is shown with what is invisible in it made visible, so the caret stands under what became of the characters before it.
  const before = visible(q.slice(0, fault.position));
  const marked = visible(q.slice(fault.position, fault.position + Math.max(1, fault.length)));
  const caret = " ".repeat([...before].length) + "^".repeat(Math.max(1, Math.min([...marked].length, 80)));
  return (
    <div id="fault" class="query-fault" role="alert">
      <strong>{text.fault.title}</strong>
      <pre aria-hidden="true">{`${visible(q)}\n${caret}`}</pre>
      <p>{visible(fault.message)}.</p>
    </div>
  );
}

/** The parts of the query that stand side by side: press one to turn it into its opposite, or take it away. */
export function Clauses({ q, onSearch }: { q: string; onSearch: (q: string) => void }) {
  const parts = clauses(q);
  if (parts === null || parts.length < 1) {
    return null;
  }
  return (
    <ul class="clauses" aria-label={text.clause.list}>
      {parts.map((part, i) => (
        <li key={part.start}>
          <Chip
            label={visible(part.text)} isNegative={/^(-|NOT\s)/.test(part.text)} toggleLabel={text.clause.negate(visible(part.text))}
            removeLabel={text.clause.remove(visible(part.text))} onToggle={() => onSearch(withNegated(q, i))} onRemove={() => onSearch(withoutClause(q, i))}
          />
        </li>
      ))}
      {parts.length > 1 && <li><Button kind="quiet" isSmall onClick={() => onSearch("")}>{text.clause.clear}</Button></li>}
    </ul>
  );
}
