// The page: search, live tail, one entry with its proof. State lives in the URL's fragment, which browsers do not send:
// a query may name a person, and requests for this page are logged.

import * as api from "./api.js";
import { changes, el, escaped, grid, mask, revealed, row, sentence, text } from "./entry.js";
import * as proofs from "./verify.js";

const PAGE = 100;
const MAX_ROWS = 2000;
const PIN = "indelible.pin:";
const HEAD = "indelible.head:";

const $ = (id) => document.getElementById(id);
const ui = Object.fromEntries(["log", "search", "q", "live", "key", "fault", "status", "newer", "scroll", "rows", "empty", "more", "drawer", "account", "who",
  "account-card", "signin", "signin-form", "signin-key", "signin-fault"].map((id) => [id, $(id)]));

const state = { me: null, session: null, log: "", q: "", index: null, items: new Map(), next: null, asOf: 0, arrived: 0, logs: [] };
const disclosed = new Map(); // Entries whose personal values were asked for with a reason, by log and index.
let searching = new AbortController();
let opening = new AbortController();
let following = null;
let waiting = [];
let shownList = ""; // The log and query that the rows answer.

// ---- the URL

function readUrl() {
  const hash = new URLSearchParams(location.hash.slice(1));
  const index = hash.get("index");
  return { log: hash.get("log") ?? "", q: hash.get("q") ?? "", index: /^(0|[1-9][0-9]{0,15})$/.test(index ?? "") ? Number(index) : null };
}

function writeUrl(push) {
  const hash = new URLSearchParams({ log: state.log });
  if (state.q) {
    hash.set("q", state.q);
  }
  if (state.index !== null) {
    hash.set("index", state.index);
  }
  if (`#${hash}` !== location.hash) {
    history[push ? "pushState" : "replaceState"](null, "", `#${hash}`);
  }
  document.title = [state.index !== null && `#${state.index}`, text(state.q), state.log, "Indelible"].filter(Boolean).join(" \u00b7 ");
}

// ---- signing in

const tabs = new BroadcastChannel("indelible.session"); // Sign-ins and sign-outs, told to the other tabs: nothing but that there was one.
let dueAt = Infinity;
let due = 0;

/** Makes the page that of who is signed in. */
async function enter(session) {
  const me = await api.me();
  clear();
  state.session = session;
  state.me = me;
  state.logs = me.logs.filter((log) => log.rights.includes("read"));
  ui.signin.close();
  ui.key.textContent = "Sign out";
  ui.log.replaceChildren(...state.logs.map((log) => el("option", { value: log.name }, log.name)));
  ui.log.disabled = state.logs.length === 0;
  drawAccount();
  expectEnd(session);
  if (state.logs.length === 0) {
    setStatus("You may read no log here.");
    return;
  }
  await route();
}

const may = (right) => state.logs.find((log) => log.name === state.log)?.rights.includes(right) ?? false;

function drawAccount() {
  const until = new Date(state.session.expires).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
  ui.account.hidden = false;
  ui.account.open = false;
  ui.who.textContent = state.me.principal;
  ui["account-card"].replaceChildren(
    el("h2", {}, "Signed in as ", el("span", { class: "mono" }, state.me.principal)),
    el("dl", {},
      el("dt", {}, "By"), el("dd", { class: "mono" }, state.me.credential),
      el("dt", {}, "Until"), el("dd", {}, `${until} at the latest; sooner if nothing is done for half an hour`),
      state.me.logs.map((log) => [el("dt", {}, "Log ", el("span", { class: "mono" }, log.name)), el("dd", {}, log.rights.join(", "))])),
    el("p", { class: "dim", hidden: state.me.logs.length > 0 }, "No log here is yours to read, write or verify."));
  ui["account-card"].normalize();
}

function askForKey(message = "") {
  ui["signin-fault"].textContent = message;
  if (!ui.signin.open) {
    ui.signin.showModal();
  }
  ui["signin-key"].focus();
}

/** Takes everything off the page that was read in a session. The URL stays, and with it the query. */
function clear() {
  stopFollowing();
  searching.abort();
  opening.abort();
  clearTimeout(due);
  dueAt = Infinity;
  state.me = state.session = null;
  state.logs = [];
  state.items = new Map();
  state.index = state.next = null;
  disclosed.clear();
  waiting = [];
  shownList = "";
  ui.rows.replaceChildren();
  ui.log.replaceChildren();
  ui.drawer.replaceChildren();
  ui["account-card"].replaceChildren();
  ui.log.disabled = ui.live.disabled = true;
  ui.account.hidden = ui.more.hidden = ui.empty.hidden = ui.drawer.hidden = ui.newer.hidden = ui.fault.hidden = true;
  ui.key.textContent = "Sign in";
  document.title = "Indelible";
  setStatus("");
}

/** The session is over: says why, and lets one sign in again where one was. */
function ended(error) {
  if (state.me !== null || !ui.signin.open) {
    clear();
    askForKey(error.kind === "session-ended" ? error.message : "You are not signed in any more.");
  }
}

/** Asks whether there is a session still, which is no use of it. A screen that nobody looks after is emptied when there is not. */
async function recheck() {
  try {
    const session = await api.session();
    if (session.principal === state.session?.principal) {
      expectEnd(session);
    } else {
      await enter(session);
    }
  } catch (error) {
    if (error.status === 401) {
      ended(error);
    } else {
      expectEnd({ idle_s: 60 });
    }
  }
}

function expectEnd({ idle_s: left }) {
  const delay = (left + 1) * 1000;
  clearTimeout(due);
  dueAt = Date.now() + delay;
  due = setTimeout(recheck, delay);
}

ui["signin-form"].addEventListener("submit", async (event) => {
  event.preventDefault();
  const key = ui["signin-key"].value.trim();
  ui["signin-key"].value = "";
  ui["signin-fault"].textContent = "";
  if (!/^ind_[awr]_[A-Za-z0-9_-]{43}$/.test(key)) {
    askForKey("A key is ind_r_ or ind_a_ and 43 characters.");
    return;
  }
  try {
    await enter(await api.signIn(key));
    tabs.postMessage("changed");
    ui.q.focus();
  } catch (error) {
    askForKey(error.status === 401 ? "The server does not take this key." : error.message);
  }
});
ui.key.addEventListener("click", async () => {
  if (state.me === null) {
    askForKey();
    return;
  }
  try {
    await api.signOut();
  } catch (error) {
    if (error.status !== 401) {
      showFault(error);
      return;
    }
  }
  tabs.postMessage("changed");
  clear();
  askForKey("You are signed out.");
});
tabs.addEventListener("message", recheck);
document.addEventListener("visibilitychange", () => !document.hidden && Date.now() > dueAt && recheck());
addEventListener("click", (event) => {
  if (!event.target.closest("#account")) {
    ui.account.open = false;
  }
});

// ---- search

function setStatus(...parts) {
  ui.status.replaceChildren(...parts);
}

function showFault(error) {
  if (error.name === "AbortError") {
    return;
  }
  if (error.status === 401) {
    ended(error);
    return;
  }
  ui.fault.hidden = false;
  ui.fault.replaceChildren(el("strong", {}, text(error.title || "That did not work.")), " ", text(error.message),
    error.errors?.length > 0 && el("ul", {}, error.errors.slice(0, 20).map((fault) =>
      el("li", {}, fault.pointer ? el("code", {}, text(String(fault.pointer))) : "", " ", text(String(fault.detail ?? ""))))));
  ui.fault.normalize();
}

const count = (n) => Number(n).toLocaleString("en");

async function runSearch() {
  searching.abort();
  searching = new AbortController();
  const { signal } = searching;
  waiting = [];
  ui.newer.hidden = true;
  ui.fault.hidden = true;
  setStatus("Searching\u2026");
  ui.rows.setAttribute("aria-busy", "true");
  try {
    const answer = await api.search(state.log, { q: state.q, limit: PAGE }, signal);
    state.items = new Map();
    ui.rows.replaceChildren();
    ui.scroll.scrollTop = 0;
    state.asOf = answer.as_of;
    state.arrived = 0;
    addItems(answer);
    describe(answer);
    ui.empty.hidden = state.items.size > 0;
    ui.empty.textContent = state.q ? `Nothing in ${state.log} matches, as of size ${count(answer.as_of)}.`
      : answer.as_of > 0 ? `Nothing in ${state.log} is for you to see, as of size ${count(answer.as_of)}.` : `${state.log} holds no events yet.`;
  } catch (error) {
    if (error.name !== "AbortError") {
      setStatus("");
    }
    showFault(error);
  } finally {
    ui.rows.removeAttribute("aria-busy");
  }
}

function addItems(answer) {
  const items = answer.items ?? [];

  // A cursor goes with the query as the server understood it, its relative times made absolute.
  state.understood = answer.query ?? state.q;
  for (const item of items) {
    state.items.set(item.index, item);
  }
  ui.rows.append(...items.map(row));
  state.next = answer.next ?? null;
  ui.more.hidden = !state.next;
  markSelected();
}

function describe(answer) {
  const total = answer.total;
  const notices = Array.isArray(answer.notices) ? answer.notices : [];
  setStatus(
    el("strong", {}, total ? `${total.exact ? "" : "at least "}${count(total.value)}` : count(state.items.size)),
    ` ${total?.value === 1 ? "event" : "events"} in ${state.log} \u00b7 as of size ${count(answer.as_of)}`,
    ...notices.map((notice) => el("span", { class: "notice" }, typeof notice === "string" ? notice : String(notice?.detail ?? JSON.stringify(notice)))));
}

async function loadMore() {
  if (!state.next || ui.more.disabled) {
    return;
  }
  ui.more.disabled = true;
  try {
    addItems(await api.search(state.log, { q: state.understood, limit: PAGE, cursor: state.next }, searching.signal));
  } catch (error) {
    showFault(error);
  } finally {
    ui.more.disabled = false;
  }
}

ui.more.addEventListener("click", loadMore);
ui.search.addEventListener("submit", (event) => {
  event.preventDefault();
  go({ q: ui.q.value.trim() });
});
ui.log.addEventListener("change", () => go({ log: ui.log.value, index: null }));

/** Narrows the search by a value of an entry. */
function pivot(path, value, exclude) {
  const term = `${exclude ? "-" : ""}${path}:${typeof value === "string" ? JSON.stringify(value) : String(value)}`;
  go({ q: state.q ? `${state.q} ${term}` : term });
}

async function go(change) {
  Object.assign(state, change);
  writeUrl(true);
  await route();
}

/** Makes the page what the URL says. */
async function route() {
  const url = readUrl();
  state.log = state.logs.some((log) => log.name === url.log) ? url.log : state.logs[0]?.name ?? "";
  state.q = url.q;
  state.index = url.index;
  ui.log.value = state.log;
  ui.q.value = state.q;
  ui.live.disabled = !may("tail");
  writeUrl(false);
  const list = JSON.stringify([state.log, state.q]);
  if (list !== shownList) {
    shownList = list;
    const live = following !== null;
    stopFollowing();
    await runSearch();
    if (live && may("tail")) {
      startFollowing();
    }
  }
  await openEntry();
}
const routeSignedIn = () => state.me !== null && state.logs.length > 0 && route();
addEventListener("popstate", routeSignedIn);
addEventListener("hashchange", routeSignedIn);

// ---- live tail

function stopFollowing() {
  following?.abort();
  following = null;
  ui.live.setAttribute("aria-pressed", "false");
}

async function startFollowing() {
  const controller = new AbortController();
  following = controller;
  ui.live.setAttribute("aria-pressed", "true");
  // Resuming after the last index that the search covered leaves no gap between the two.
  let last = state.asOf > 0 ? state.asOf - 1 : null;
  for (let failures = 0; !controller.signal.aborted;) {
    try {
      for await (const event of api.tail(state.log, state.q, last, controller.signal)) {
        failures = 0;
        ui.live.title = "";
        if (/^[0-9]{1,16}$/.test(event.id ?? "")) {
          last = Number(event.id);
        }
        if (event.event === "entry") {
          arrive(toItem(last, JSON.parse(event.data)));
        } else if (event.event === "end") {
          // The session is over, or a right was taken away: asking again tells which.
          recheck();
        } else if (event.event === "skipped") {
          const { from, to, entries } = JSON.parse(event.data);
          remark("skipped", `${count(entries)} entries came faster than this page took them and were passed over, the last from index ${count(from)} to ${count(to)}: a search finds them.`);
        } else if (event.event === "notice") {
          remark("stream-notice", event.data);
        }
      }
    } catch (error) {
      if (controller.signal.aborted) {
        return;
      }
      if (error.status >= 400 && error.status < 500 && error.status !== 429) {
        stopFollowing();
        showFault(error);
        return;
      }
    }
    failures++;
    ui.live.title = "Reconnecting\u2026";
    await new Promise((resume) => setTimeout(resume, Math.min(30_000, 500 * 2 ** failures)));
  }
}

/** Says something of the stream beside the totals, in the place of what was said of that before. */
function remark(id, words) {
  $(id)?.remove();
  ui.status.append(el("span", { id, class: "notice" }, words));
}

const toItem = (index, data) => (data !== null && typeof data === "object" && "entry" in data && "index" in data ? data : { index, entry: data });

/** Shows new entries at once where the reader is at the top, else keeps them: rows must not move under the eye. */
function arrive(item) {
  if (state.items.has(item.index)) {
    return;
  }
  waiting.push(item);
  if (waiting.length > MAX_ROWS) {
    waiting.shift();
  }
  if (ui.scroll.scrollTop < 4) {
    showArrived();
  } else {
    ui.newer.hidden = false;
    ui.newer.textContent = `${count(waiting.length)} new \u2191`;
  }
}

function showArrived() {
  for (const item of waiting) {
    state.items.set(item.index, item);
    const drawn = row(item);
    drawn.classList.add("fresh");
    ui.rows.prepend(drawn);
  }
  state.arrived += waiting.length;
  waiting = [];
  ui.newer.hidden = ui.empty.hidden = true;
  $("arrived")?.remove();
  ui.status.append(el("span", { id: "arrived" }, ` \u00b7 ${count(state.arrived)} more since, live`));
  while (ui.rows.childElementCount > MAX_ROWS) {
    // The view is capped, the log is not: "Load more" begins again below what was cut.
    state.items.delete(Number(ui.rows.lastElementChild.dataset.index));
    ui.rows.lastElementChild.remove();
    state.next = null;
    ui.more.hidden = true;
    setStatus(`Live: the newest ${count(MAX_ROWS)} rows are kept in view; search again for older ones.`);
  }
  markSelected();
}

ui.live.addEventListener("click", () => (following ? stopFollowing() : startFollowing()));
ui.newer.addEventListener("click", () => {
  ui.scroll.scrollTop = 0;
  showArrived();
});
ui.scroll.addEventListener("scroll", () => waiting.length > 0 && ui.scroll.scrollTop < 4 && showArrived(), { passive: true });

// ---- selection and keyboard

let cursor = null;

function markSelected() {
  for (const tr of ui.rows.children) {
    tr.setAttribute("aria-selected", String(Number(tr.dataset.index) === state.index));
    tr.tabIndex = tr === cursor ? 0 : -1;
  }
  if (!ui.rows.contains(cursor)) {
    cursor = null;
    ui.rows.firstElementChild?.setAttribute("tabindex", "0");
  }
}

function moveTo(tr) {
  if (!tr) {
    return;
  }
  cursor = tr;
  markSelected();
  tr.focus({ preventScroll: true });
  tr.scrollIntoView({ block: "nearest" });
  if (!ui.drawer.hidden) {
    select(Number(tr.dataset.index), false);
  }
}

function move(step) {
  const from = cursor ?? ui.rows.querySelector('[aria-selected="true"]');
  if (!from) {
    moveTo(ui.rows.firstElementChild);
    return;
  }
  const to = step > 0 ? from.nextElementSibling : from.previousElementSibling;
  moveTo(to);
  if (!to && step > 0) {
    loadMore();
  }
}

function select(index, push = true) {
  state.index = index;
  writeUrl(push);
  openEntry();
}

ui.rows.addEventListener("click", (event) => {
  const tr = event.target.closest("tr");
  if (tr && String(getSelection()) === "") {
    cursor = tr;
    select(Number(tr.dataset.index));
  }
});

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || ui.signin.open) {
    return;
  }
  const typing = event.target.closest("input, textarea, select");
  if (event.key === "Escape") {
    if (typing === ui.q) {
      ui.q.blur();
    } else if (state.index !== null) {
      const tr = ui.rows.querySelector('[aria-selected="true"]');
      select(null);
      tr?.focus();
    }
  } else if (typing) {
    return;
  } else if (event.key === "/") {
    event.preventDefault();
    ui.q.focus();
    ui.q.select();
  } else if (event.key === "j" || event.key === "k") {
    move(event.key === "j" ? 1 : -1);
  } else if ((event.key === "ArrowDown" || event.key === "ArrowUp") && event.target.closest("tr")) {
    event.preventDefault();
    move(event.key === "ArrowDown" ? 1 : -1);
  } else if (event.key === "Enter" && event.target.closest("#rows tr")) {
    select(Number(event.target.closest("tr").dataset.index));
    ui.drawer.focus();
  }
});

// ---- one entry

async function openEntry() {
  opening.abort();
  opening = new AbortController();
  const { signal } = opening;
  markSelected();
  const index = state.index;
  ui.drawer.hidden = index === null;
  if (index === null) {
    ui.drawer.replaceChildren();
    return;
  }

  const item = disclosed.get(`${state.log}/${index}`) ?? state.items.get(index);
  const body = el("div", { class: "drawer-body" });
  const verdict = el("section", { class: "verdict checking", role: "status" }, el("h3", {}, "Checking the proof\u2026"));
  const raw = el("section", { class: "block" });
  const masked = el("section", { class: "masked", hidden: true });
  ui.drawer.replaceChildren(
    el("header", { class: "drawer-head" },
      el("h2", { id: "drawer-title" }, "Entry ", el("span", { class: "mono" }, count(index)), el("span", { class: "dim" }, ` of ${state.log}`)),
      el("button", { type: "button", class: "quiet close", "aria-label": "Close", on: { click: () => select(null) } }, "\u2715")),
    body);
  const parts = (entry) => [sentence(entry), masked, verdict, grid(entry, pivot), changes(entry), raw].filter(Boolean);
  body.replaceChildren(...(item ? parts(revealed(item)) : [verdict, raw]));

  // Someone who moves through the list with j and k does not want a proof of every row he passes.
  await new Promise((resume) => setTimeout(resume, 120));
  if (signal.aborted) {
    return;
  }
  let bytes;
  let shown = item ? revealed(item) : null;
  let openings = [];
  try {
    const read = await api.entry(state.log, index, signal);
    bytes = read.bytes;
    if (signal.aborted) {
      return;
    }
    drawRaw(raw, bytes);
    const entry = proofs.parseEntry(bytes).value;
    const isPersonal = JSON.stringify(entry).includes('{"$pii":');
    if (isPersonal && read.personal === "shown" && may("export")) {
      // Refused where another grant than that for reading lets him export, which is no fault: what is shown is then what the server decrypts.
      openings = await api.openings(state.log, index, signal).catch((error) => {
        if (error instanceof api.Problem) {
          return [];
        }
        throw error;
      });
    }
    if (!shown) {
      shown = isPersonal && read.personal === "shown" && openings.length === 0
        ? await api.clear(state.log, index, signal)
        : revealed({ entry, personal: Object.fromEntries(openings.map((opening) => [opening.pointer, opening.value])) });
      if (read.personal !== "shown") {
        mask(shown, read.personal === "on_request" ? "on_request" : "never");
      }
      body.replaceChildren(...parts(shown));
    }
    if (isPersonal && read.personal !== "shown" && !item?.personal) {
      drawMasked(masked, index, read.personal);
    }
  } catch (error) {
    drawFault(verdict, error);
    if (!bytes) {
      return;
    }
  }
  await prove(verdict, index, { bytes, shown, openings }, signal);
}

/** Says that personal values are masked and, to who may ask, offers to ask: the reason is recorded before they are shown. */
function drawMasked(section, index, personal) {
  section.hidden = false;
  if (personal !== "on_request") {
    section.replaceChildren(el("h3", {}, "Personal values are masked"), el("p", { class: "dim" }, "They are not shown to you. The entry and its proof are complete all the same."));
    return;
  }
  const log = state.log;
  const fault = el("p", { class: "signin-fault", role: "alert" });
  const reason = el("input", { type: "text", id: "reason", autocomplete: "off", maxlength: 1024, required: true, placeholder: "Ticket, case, question" });
  const submit = el("button", { type: "submit", class: "primary" }, "Show them");
  const form = el("form", {
    hidden: true, on: {
      submit: async (event) => {
        event.preventDefault();
        submit.disabled = true;
        fault.textContent = "";
        try {
          disclosed.set(`${log}/${index}`, await api.reveal(log, index, reason.value.trim()));
          if (state.log === log && state.index === index) {
            openEntry();
          }
        } catch (error) {
          if (error.status === 401) {
            ended(error);
          }
          fault.textContent = error.message;
          submit.disabled = false;
        }
      },
    },
  },
  el("label", { for: "reason" }, "Why do you need to see them? Your name, the time and this reason are recorded first, for good."),
  el("div", { class: "row" }, reason, submit), fault);
  const ask = el("button", {
    type: "button", id: "reveal", on: {
      click: () => {
        form.hidden = false;
        ask.hidden = true;
        reason.focus();
      },
    },
  }, "Reveal\u2026");
  section.replaceChildren(el("h3", {}, "Personal values are masked"), ask, form);
}

function drawRaw(section, bytes) {
  const decoded = new TextDecoder().decode(bytes);
  let pretty = decoded;
  try {
    pretty = escaped(JSON.stringify(JSON.parse(decoded), null, 2));
  } catch {
    // Shown as it is: the verdict says that it is not JSON.
  }
  const pre = el("pre", { tabindex: 0, "aria-label": "Raw entry" }, pretty);
  const exact = el("button", {
    type: "button", class: "quiet small", "aria-pressed": "false", on: {
      click: () => {
        const now = exact.getAttribute("aria-pressed") !== "true";
        exact.setAttribute("aria-pressed", String(now));
        pre.textContent = now ? decoded : pretty;
        pre.classList.toggle("exact", now);
      },
    },
  }, "Exact bytes");
  section.replaceChildren(el("h3", {}, "As logged ", el("span", { class: "unit" }, `${count(bytes.length)} bytes`), exact), pre);
}

// ---- the proof

const MARKS = { yes: "\u2713", no: "\u2715", open: "\u2013" };

function drawVerdict(section, kind, title, checks, more = []) {
  section.className = `verdict ${kind}`;
  section.replaceChildren(el("h3", {}, title),
    el("ul", { class: "checks" }, checks.map(([mark, ...words]) =>
      el("li", { class: mark }, el("span", { class: "tick", "aria-label": { yes: "checked", no: "failed", open: "not checked" }[mark], role: "img" }, MARKS[mark]),
        el("span", {}, ...words)))),
    ...more);
}

function drawFault(section, error) {
  if (error.name === "AbortError") {
    return;
  }
  if (error.status === 401) {
    ended(error);
    return;
  }
  if (error instanceof proofs.NotValid) {
    drawVerdict(section, "bad", "Not valid", [["no", `${text(error.message)}.`],
      ["open", "Keep the proof and the entry: they are evidence. Do not go on trusting this log before this is explained."]]);
  } else {
    drawVerdict(section, "unsure", "Could not tell", [["open", text(error.message)], ["open", "Nothing was proven and nothing disproven."]]);
  }
}

async function pinnedKey() {
  const text = localStorage.getItem(PIN + state.log);
  return text ? proofs.parseVkey(text) : null;
}

/** Compares a signed head with the largest one that this browser has verified under the same key. */
async function compareWithRemembered(key, facts, signal) {
  const stored = JSON.parse(localStorage.getItem(HEAD + key.text) ?? "null");
  const remember = () => localStorage.setItem(HEAD + key.text, JSON.stringify({ size: String(facts.size), root: proofs.toBase64(facts.root) }));
  if (!stored) {
    remember();
    return "This is the first checkpoint of this key that this browser has seen; the next one is compared with it.";
  }
  const seen = { size: BigInt(stored.size), root: proofs.fromBase64(stored.root, "the remembered root") };
  const [from, to] = seen.size <= facts.size ? [seen, facts] : [facts, seen];
  const path = from.size === to.size
    ? []
    : proofs.parseConsistency(await api.consistency(state.log, from.size, to.size, signal), from.size, to.size);
  await proofs.verifyConsistency(from.size, from.root, to.size, to.root, path);
  if (facts.size > seen.size) {
    remember();
  }
  return from.size === to.size
    ? `The checkpoint is the one this browser verified before (size ${count(seen.size)}).`
    : `The log of size ${count(from.size)} is a prefix of that of size ${count(to.size)}: nothing that this browser saw was changed since.`;
}

async function prove(section, index, { bytes, shown, openings }, signal) {
  let proof;
  try {
    proof = await api.proof(state.log, index, signal);
    const key = await pinnedKey();
    const facts = await proofs.verifyEntry(proof, bytes, BigInt(index), key);
    const { value } = proofs.parseEntry(bytes);
    for (const opening of openings) {
      await proofs.verifyOpening(opening, value, facts.origin);
    }
    const decrypted = proofs.countDecrypted(shown ?? value, value);
    const opened = proofs.countOpened(shown ?? value, openings);
    const checks = [
      ["yes", `The ${count(bytes.length)} bytes of this entry, hashed here, give the leaf hash `, el("code", {}, facts.leaf), "."],
      ["yes", `With ${facts.hashes} hashes of the proof they lead, from index ${count(index)}, to the root that the checkpoint of size ${count(facts.size)} names: `,
        el("code", {}, proofs.toBase64(facts.root)), "."],
      ["yes", "What is shown is what was logged", decrypted > opened
        ? `, except ${decrypted - opened} personal ${decrypted - opened === 1 ? "value" : "values"} that the server decrypted for you; the proof covers the encrypted form.`
        : "; the entry is canonical JSON, so there is one way to read it."],
      ...(opened > 0
        ? [["yes", `${opened} personal ${opened === 1 ? "value is" : "values are"} shown decrypted, and ${opened === 1 ? "opens its commitment" : "open their commitments"} in the entry.`]]
        : []),
    ];
    if (key) {
      checks.push(["yes", "The checkpoint is signed by the key that you pinned, ", el("code", {}, `${key.name}+${facts.keyId}`), "."]);
      checks.push(["yes", await compareWithRemembered(key, facts, signal)]);
    } else {
      checks.push(["open", `Who signed the checkpoint. It says it is of ${facts.origin}; without a pinned key, anybody could have made it.`]);
    }
    if (signal.aborted) {
      return;
    }
    checks.push(["open", facts.others > 0
      ? `${facts.others} other ${facts.others === 1 ? "signature" : "signatures"} on the checkpoint (witnesses, say).`
      : "Whether others are shown the same log: no witness has signed this checkpoint."]);
    checks.push(["open", "When it happened: times are claims of the application and the server. And whether a search shows everything it should."]);
    const title = key
      ? `Proven: entry ${count(index)} of a log of ${count(facts.size)}`
      : "Consistent with the checkpoint, but whose checkpoint? Pin the log\u2019s key";
    drawVerdict(section, key ? "good" : "unpinned", title, checks, [pinForm(key), downloads(index, proof, bytes)]);
  } catch (error) {
    if (!signal.aborted) {
      drawFault(section, error);
      section.append(pinForm(null), ...(proof ? [downloads(index, proof, bytes)] : []));
    }
  }
}

function pinForm(key) {
  const name = PIN + state.log;
  if (key || localStorage.getItem(name)) {
    return el("p", { class: "pin" }, el("button", {
      type: "button", class: "quiet small", on: {
        click: () => {
          localStorage.removeItem(name);
          openEntry();
        },
      },
    }, "Unpin the key"));
  }
  const fault = el("p", { class: "signin-fault", role: "alert" });
  const input = el("input", { type: "text", id: "pin", autocomplete: "off", spellcheck: "false", placeholder: `host/logs/${state.log}+1a2b3c4d+A\u2026`, required: true });
  return el("form", {
    class: "pin", on: {
      submit: async (event) => {
        event.preventDefault();
        try {
          const parsed = await proofs.parseVkey(input.value.trim());
          if (!parsed.name.endsWith(`/logs/${state.log}`)) {
            throw new proofs.NotValid(`this key is of ${parsed.name}, not of a log called ${state.log}`);
          }
          localStorage.setItem(name, parsed.text);
          openEntry();
        } catch (error) {
          fault.textContent = `Not pinned: ${error.message}.`;
        }
      },
    },
  },
  el("label", { for: "pin" }, "The log\u2019s key (vkey), from whoever ran ", el("code", {}, "indelible init"), " \u2013 not from this server:"),
  el("div", { class: "row" }, input, el("button", { type: "submit", class: "primary" }, "Pin")), fault);
}

/** The two files with which somebody else repeats the check, without this page. */
function downloads(index, proof, entry) {
  const save = (name, bytes) => {
    const url = URL.createObjectURL(new Blob([bytes], { type: "application/octet-stream" }));
    el("a", { href: url, download: name }).click();
    setTimeout(() => URL.revokeObjectURL(url), 10_000);
  };
  const base = `${state.log}-${index}`;
  return el("div", { class: "downloads" },
    el("div", { class: "row" },
      el("button", { type: "button", on: { click: () => save(`${base}.tlog-proof`, proof) } }, "Download proof"),
      el("button", { type: "button", on: { click: () => save(`${base}.json`, entry) } }, "Download entry")),
    el("p", { class: "dim" }, "This page came from the server that it checks. For a judgement that does not rest on it:"),
    el("pre", { class: "command", tabindex: 0, "aria-label": "Command" }, `indelible verify --vkey VKEY --proof ${base}.tlog-proof --entry ${base}.json`));
}

// ---- start

api.session().then(enter).catch((error) => (error.status === 401 && error.kind !== "session-ended" ? askForKey() : error.status === 401 ? ended(error) : showFault(error)));
