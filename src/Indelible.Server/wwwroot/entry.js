// Draws an entry. Everything in it was written by strangers: it becomes text, never markup.

/** Makes an element. Strings become text nodes; there is no other way for content to get in. */
export function el(name, properties = {}, ...children) {
  const node = document.createElement(name);
  for (const [property, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) {
      continue;
    }
    if (property === "on") {
      for (const [event, handler] of Object.entries(value)) {
        node.addEventListener(event, handler);
      }
    } else if (property === "class") {
      node.className = value;
    } else {
      node.setAttribute(property, value === true ? "" : String(value));
    }
  }
  node.append(...children.flat(Infinity).filter((child) => child !== undefined && child !== null && child !== false));
  return node;
}

const isObject = (value) => value !== null && typeof value === "object" && !Array.isArray(value);
export const isEncrypted = (value) => isObject(value) && "$pii" in value;
const isRedacted = (value) => isObject(value) && "$redacted" in value;

// What is known of an encrypted value beside the entry: a symbol, since the value itself is compared with what was logged.
const MASK = Symbol("mask");

const MASKS = {
  on_request: ["masked, on request", "A personal value, shown to you for a reason: open the entry and say why."],
  never: ["masked", "A personal value, not shown to you."],
  gone: ["erased", "A personal value whose person's key was destroyed, or which is damaged."],
};

/** Marks every encrypted value below a value. */
export function mask(value, kind) {
  if (isEncrypted(value)) {
    value[MASK] = kind;
  } else if (value !== null && typeof value === "object") {
    Object.values(value).forEach((member) => mask(member, kind));
  }
  return value;
}

const badge = (text, title, kind) => el("span", { class: `badge ${kind}`, title }, text);

/** A value as text or, where it is not to be seen, as a badge that says why. */
export function show(value, short = false) {
  if (isEncrypted(value)) {
    const [words, title] = MASKS[value[MASK]] ?? ["encrypted", "A personal value."];
    return badge(short ? words.split(",")[0] : words, title, "pii");
  }
  if (isRedacted(value)) {
    return badge("redacted", `Left out by the producer: ${text(value.$redacted)}`, "redacted");
  }
  return text(value);
}

/** Controls that reorder or hide what follows them (bidirectional overrides, zero-width marks) are made visible. */
function text(value) {
  const plain = typeof value === "string" ? value : JSON.stringify(value) ?? "";
  return plain.replace(/[\u0000-\u001f\u007f-\u009f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g,
    (c) => `\u27e8U+${c.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")}\u27e9`);
}

/** An RFC 3339 time in UTC as date and time of day; as it stands where it is not one. */
function splitTime(value) {
  const parts = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(\.\d{1,3})?\d*Z$/.exec(value);
  return parts ? [parts[1], parts[2] + (parts[3] ?? "").padEnd(parts[3] ? 4 : 0, "0")] : [text(value ?? ""), ""];
}

function localTime(value) {
  const time = new Date(value);
  return Number.isNaN(time.getTime()) ? undefined : `${time.toLocaleString(undefined, { dateStyle: "full", timeStyle: "long" })} (local)`;
}

const GLYPHS = { user: "U", service: "S", system: "Y", ai_agent: "A", anonymous: "?", unknown: "?" };

function actorName(actor) {
  return actor?.name && !isEncrypted(actor.name) ? text(actor.name) : text(actor?.id ?? "");
}

function outcome(entry) {
  const known = ["success", "failure"].includes(entry.outcome) ? entry.outcome : "unknown";
  const effect = entry.decision?.effect;
  return [
    el("span", { class: `outcome ${known}` }, el("span", { class: "mark", "aria-hidden": "true" }), text(entry.outcome ?? "")),
    (effect === "deny" || effect === "challenge") && badge(effect === "deny" ? "denied" : "challenged", text(entry.decision.reason ?? ""), "deny"),
  ];
}

/**
 * The entry as the reader may see it. The server sends personal values beside the entry, by JSON Pointer; null stands for
 * one that was erased or is damaged, whose encrypted form then stays. Where the reader is not shown them, it says so by `masked`.
 */
export function revealed(item) {
  const entry = structuredClone(item.entry ?? {});
  for (const [pointer, value] of Object.entries(item.personal ?? {})) {
    const names = pointer.split("/").slice(1).map((name) => name.replaceAll("~1", "/").replaceAll("~0", "~"));
    const last = names.pop();
    const parent = names.reduce((at, name) => (at !== null && typeof at === "object" && Object.hasOwn(at, name) ? at[name] : undefined), entry);
    if (value !== null && parent !== undefined && Object.hasOwn(parent, last) && isEncrypted(parent[last])) {
      parent[last] = value;
    }
  }
  return mask(entry, item.masked ? item.masked.revealed : "gone");
}

/** One row of the list: time, actor, action, target, outcome, source. */
export function row(item) {
  const entry = revealed(item);
  const [date, time] = splitTime(entry.time);
  const targets = Array.isArray(entry.targets) ? entry.targets : [];
  const ip = entry.source?.ip ?? entry.source?.hostname;
  const type = text(entry.actor?.type ?? "unknown");
  return el("tr", { "data-index": item.index, tabindex: -1, "aria-selected": "false" },
    el("td", { class: "c-time", title: localTime(entry.time) }, el("span", { class: "date" }, date), " ", time),
    el("td", { class: "c-actor" },
      el("span", { class: "glyph", title: type, "aria-label": type, role: "img" }, GLYPHS[entry.actor?.type] ?? "?"),
      el("span", { class: "cut" }, actorName(entry.actor)),
      entry.actor?.privileged === true && badge("admin", "Acted with privileges", "plain")),
    el("td", { class: "c-action" }, text(entry.action ?? "")),
    el("td", { class: "c-target" },
      targets.length > 0 && [el("span", { class: "dim" }, text(targets[0].type ?? "")), " ", text(targets[0].id ?? "")],
      targets.length > 1 && el("span", { class: "dim" }, `  +${targets.length - 1}`)),
    el("td", { class: "c-outcome" }, outcome(entry)),
    el("td", { class: "c-source" }, ip !== undefined && [show(ip, true), " "], el("span", { class: "dim" }, text(entry.service?.name ?? ""))));
}

/** One sentence for humans: the producer's own, else one made of the fields. */
export function sentence(entry) {
  if (entry.message !== undefined) {
    return el("p", { class: "sentence" }, show(entry.message));
  }
  const target = Array.isArray(entry.targets) ? entry.targets[0] : undefined;
  const ends = { success: "It succeeded.", failure: "It failed." }[entry.outcome] ?? "How it ended is not known.";
  const decision = { allow: " It was allowed", deny: " It was denied", challenge: " It was challenged" }[entry.decision?.effect];
  return el("p", { class: "sentence" },
    el("strong", {}, actorName(entry.actor)), " did ", el("strong", { class: "mono" }, text(entry.action ?? "something")),
    target && [" on ", text(target.type ?? ""), " ", el("strong", {}, text(target.id ?? ""))], ". ", ends,
    decision && [decision, entry.decision.rule !== undefined && [" by the rule ", el("strong", {}, text(entry.decision.rule))], "."]);
}

// Which members answer which question. What is in none of them is in the raw entry below.
const QUESTIONS = [
  ["Who", ["actor", "auth", "data_subjects"]],
  ["What", ["action", "category", "operation", "kind", "targets", "labels", "reason", "relates_to", "data"]],
  ["When", ["time", "observed_time", "received_at"]],
  ["Where", ["source", "service"]],
  ["How", ["request", "trace", "ingest", "producer"]],
  ["Allowed", ["outcome", "outcome_code", "outcome_reason", "decision"]],
];
const MAX_ROWS = 60;

/** Lists the scalars below a value as [path, value]; array places do not count in a path, as in queries. */
function* scalars(path, value) {
  if (isEncrypted(value) || isRedacted(value) || value === null || typeof value !== "object") {
    yield [path, value];
  } else {
    for (const [name, member] of Object.entries(value)) {
      yield* scalars(Array.isArray(value) ? path : `${path}.${name}`, member);
    }
  }
}

/** The grid of who, what, when, where, how and whether it was allowed. A value narrows the search when it is pressed. */
export function grid(entry, pivot) {
  return el("div", { class: "grid" }, QUESTIONS.map(([question, members]) => {
    const facts = members.filter((name) => name in entry).flatMap((name) => [...scalars(name, entry[name])]);
    return facts.length > 0 && el("section", { class: "question" }, el("h3", {}, question),
      el("dl", {}, facts.slice(0, MAX_ROWS).map(([path, value]) => el("div", { class: "fact" },
        el("dt", { title: text(path) }, text(path)), el("dd", {}, fact(path, value, pivot)))),
      facts.length > MAX_ROWS && el("p", { class: "dim" }, `and ${facts.length - MAX_ROWS} more: see the raw entry`)));
  }));
}

function fact(path, value, pivot) {
  if (isEncrypted(value) || isRedacted(value) || value === null) {
    return show(value);
  }
  // A path that the query language cannot spell, or a value too long to be one, is shown but does not pivot.
  const usable = /^[A-Za-z0-9_$-]+(\.[A-Za-z0-9_$-]+)*$/.test(path) && String(value).length <= 256;
  return usable
    ? el("button", {
      type: "button", class: "pivot", title: "Search for this; with Alt, search for all but this", on: { click: (e) => pivot(path, value, e.altKey) },
    }, show(value))
    : show(value);
}

/** What an event changed: old and new, side by side. */
export function changes(entry) {
  if (!Array.isArray(entry.changes) || entry.changes.length === 0) {
    return null;
  }
  return el("section", { class: "block" }, el("h3", {}, "Changes"), el("table", { class: "changes" },
    el("thead", {}, el("tr", {}, ["Path", "Old", "New"].map((title) => el("th", { scope: "col" }, title)))),
    el("tbody", {}, entry.changes.map((change) => el("tr", {},
      el("th", { scope: "row" }, show(change?.path ?? "")),
      el("td", { class: "old" }, change?.old === undefined ? "" : show(change.old)),
      el("td", { class: "new" }, change?.new === undefined ? "" : show(change.new)))))));
}
