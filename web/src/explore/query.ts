// Editing of the query's text: what a click on a value adds, and which parts stand side by side at its top. The server alone
// decides what a query means; here is only as much of its grammar as to find where a part ends.

export interface Clause {
  text: string;
  /** Where it begins and ends in the query. */
  start: number;
  end: number;
}

const OPENING = "([{";
const CLOSING = ")]}";

/** Where a part that begins here ends: at white space outside quotes and brackets. */
function endOf(q: string, start: number): number {
  let depth = 0;
  let quoted = false;
  for (let at = start; at < q.length; at++) {
    const c = q[at]!;
    if (c === "\\") {
      at++;
    } else if (c === '"') {
      quoted = !quoted;
    } else if (quoted) {
      continue;
    } else if (OPENING.includes(c)) {
      depth++;
    } else if (CLOSING.includes(c)) {
      depth--;
    } else if (depth <= 0 && /\s/.test(c)) {
      return at;
    }
  }
  return q.length;
}

/** The parts that stand side by side; null where they are joined by OR, and none can be taken away without changing the others. */
export function clauses(q: string): Clause[] | null {
  const found: Clause[] = [];
  let not: number | null = null;
  for (let at = 0; at < q.length;) {
    if (/\s/.test(q[at]!)) {
      at++;
      continue;
    }
    const end = endOf(q, at);
    const text = q.slice(at, end);
    if (text === "OR") {
      return null;
    }
    if (text === "NOT") {
      not ??= at;
    } else if (text !== "AND") {
      const start = not ?? at;
      found.push({ text: q.slice(start, end), start, end });
      not = null;
    }
    at = end;
  }
  return found;
}

const join = (parts: readonly string[]): string => parts.filter((part) => part !== "").join(" ");

export function withoutClause(q: string, index: number): string {
  return join((clauses(q) ?? []).filter((_, i) => i !== index).map((clause) => clause.text));
}

export function negated(clause: string): string {
  if (clause.startsWith("-")) {
    return clause.slice(1);
  }
  const not = /^NOT\s+/.exec(clause);
  return not ? clause.slice(not[0].length) : `-${clause}`;
}

export function withNegated(q: string, index: number): string {
  return join((clauses(q) ?? []).map((clause, i) => (i === index ? negated(clause.text) : clause.text)));
}

const PLAIN_PATH = /^[A-Za-z0-9_$@-]+(\.[A-Za-z0-9_$@-]+)*$/;
const MAX_VALUE_CHARS = 256;

/** Whether a value can be asked for: a path that the language can spell, and a value short enough to be one. */
export const canPivot = (field: string, value: unknown): boolean =>
  PLAIN_PATH.test(field) && ["string", "number", "boolean"].includes(typeof value) && String(value).length <= MAX_VALUE_CHARS;

/** A value as the language writes it: in quotes where it is text, so that nothing in it means anything. */
export const literal = (value: unknown): string => (typeof value === "string" ? `"${value.replace(/["\\]/g, "\\$&")}"` : String(value));

/** Adds a part that asks for a value, or for all but it; its opposite, where it is there, is taken away. */
export function withValue(q: string, field: string, value: unknown, exclude: boolean): string {
  return withPart(q, `${exclude ? "-" : ""}${field}:${literal(value)}`);
}

export function withPart(q: string, part: string): string {
  const parts = clauses(q);
  if (parts === null) {
    return `(${q.trim()}) ${part}`;
  }
  const kept = parts.map((clause) => clause.text).filter((text) => text !== part && text !== negated(part));
  return join([...kept, part]);
}

/** Adds a part, or takes it away where it is there. */
export function toggled(q: string, part: string): string {
  const at = clauses(q)?.findIndex((clause) => clause.text === part) ?? -1;
  return at >= 0 ? withoutClause(q, at) : withPart(q, part);
}

export const has = (q: string, part: string): boolean => clauses(q)?.some((clause) => clause.text === part) ?? false;
