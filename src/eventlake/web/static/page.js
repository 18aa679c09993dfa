// What a browser adds to a page that works without it: keys, dragging, leaving values out, tiles that come later and change by themselves,
// and names that complete what is written.
"use strict";

const LADDER = [15, 60, 360, 1440, 4320, 10080, 20160, 43200, 129600, 525600]; // minutes that zooming goes through
const QUIET_MS = 1000; // how long changes are gathered before tiles are asked again
const main = document.querySelector("main");
const seen = { start: +main.dataset.start, end: +main.dataset.end, now: +main.dataset.now };
const isNow = ["", "now"].includes(new URLSearchParams(location.search).get("to") ?? "");

function made(tag, attributes = {}, ...children) {
  const element = Object.assign(document.createElement(tag), attributes);
  element.append(...children);
  return element;
}

function say(text) {
  let place = document.getElementById("said");
  if (!place) document.body.append(place = made("p", { id: "said", role: "status" }));
  place.textContent = text;
  clearTimeout(say.timer);
  say.timer = setTimeout(() => { place.textContent = ""; }, 4000);
}

// the window

const written = (seconds) => new Date(Math.round(seconds) * 1000).toISOString().replace(".000Z", "Z");

function look(from, to) {
  const said = new URLSearchParams(location.search);
  said.set("from", from);
  said.set("to", to);
  location.assign(`${location.pathname}?${said}`);
}

function move(share) {
  const by = (seen.end - seen.start) * share;
  look(written(seen.start + by), written(seen.end + by));
}

function zoom(step) {
  const minutes = (seen.end - seen.start) / 60;
  const wider = LADDER.filter((one) => (step > 0 ? one > minutes * 1.01 : one < minutes * 0.99));
  if (!wider.length) return say(step > 0 ? "No window is longer." : "No window is shorter.");
  const half = (step > 0 ? wider[0] : wider.at(-1)) * 30, middle = (seen.start + seen.end) / 2;
  const end = Math.min(middle + half, Math.max(seen.now, seen.end));
  return look(written(end - 2 * half), written(end));
}

function today() {
  const minutes = Math.max(Math.round((seen.end - seen.start) / 60), 1);
  look(minutes > 9999 ? `-${Math.round(minutes / 60)}h` : `-${minutes}m`, "now");
}

// dragging over a chart of time

let drag = null, dragged = false;

function timeAt(svg, clientX) {
  const box = svg.getBoundingClientRect(), { from, to, left, right } = svg.dataset;
  const x = (clientX - box.left) / box.width * svg.viewBox.baseVal.width;
  const share = Math.min(Math.max((x - left) / (right - left), 0), 1);
  return { x: +left + share * (right - left), time: +from + share * (to - from) };
}

document.addEventListener("pointerdown", (event) => {
  const svg = event.target.closest?.("svg[data-from]");
  dragged = false;
  if (svg && event.button === 0 && event.pointerType !== "touch") drag = { svg, begin: timeAt(svg, event.clientX), x: event.clientX };
});
document.addEventListener("dragstart", (event) => { if (drag) event.preventDefault(); });
document.addEventListener("pointermove", (event) => {
  if (!drag || Math.abs(event.clientX - drag.x) < 6) return;
  dragged = true;
  const to = timeAt(drag.svg, event.clientX);
  if (!drag.shade) {
    drag.shade = document.createElementNS("http://www.w3.org/2000/svg", "rect");
    drag.shade.setAttribute("class", "shade");
    drag.svg.append(drag.shade);
  }
  const at = { x: Math.min(drag.begin.x, to.x), width: Math.abs(to.x - drag.begin.x), y: 0, height: drag.svg.viewBox.baseVal.height };
  for (const [name, value] of Object.entries(at)) drag.shade.setAttribute(name, value);
});
document.addEventListener("pointerup", (event) => {
  if (!drag) return;
  const { svg, begin, shade } = drag, end = timeAt(svg, event.clientX).time;
  drag = null;
  shade?.remove();
  if (dragged && Math.abs(end - begin.time) >= 60) look(written(Math.min(begin.time, end)), written(Math.max(begin.time, end)));
});

// a click on a value keeps it: its link does; with shift it leaves it out

document.addEventListener("click", (event) => {
  if (dragged) {
    event.preventDefault();
    dragged = false;
    return;
  }
  const link = event.target.closest?.("a[data-not]");
  if (!link || !event.shiftKey) return;
  event.preventDefault();
  const address = new URL(link.href.baseVal ?? link.href, location.href), pairs = [...address.searchParams];
  const [name, value] = pairs.pop();
  address.search = new URLSearchParams([...pairs, [name, `!${value.replace(/^=/, "")}`]]);
  location.assign(address);
}, true);

// tiles that come later, and that change

function addressOf(tile) {
  const said = new URLSearchParams(location.search);
  said.set("on", location.pathname);
  return `/tiles/${tile.id.replace("tile-", "")}.part?${said}`;
}

// follows: whether only because its tables changed. That may take its time, and says nothing: the tile stays as it was until then.
async function ask(tile, follows = false) {
  if (tile.asked && (follows || !tile.asked.follows)) return;
  tile.asked?.abort();
  const giveUp = tile.asked = Object.assign(new AbortController(), { follows }), begun = Date.now();
  const stop = made("button", { type: "button", onclick: () => giveUp.abort() }, "Stop"), time = made("span", {}, "Working …");
  const work = made("p", { className: "working" }, time, " ", stop);
  const showing = setTimeout(() => { if (!follows) tile.append(work); }, 300);
  const counting = setInterval(() => { time.textContent = `Working, ${Math.round((Date.now() - begun) / 1000)} s`; }, 1000);
  try {
    const answer = await fetch(addressOf(tile), { signal: giveUp.signal, headers: follows ? { "x-follows": "1" } : {} });
    if (!answer.ok) throw new Error(answer.statusText);
    replace(tile, await answer.text());
  } catch (error) {
    const again = made("button", { type: "button", onclick: () => { said.remove(); ask(tile); } }, "Ask again");
    const said = made("p", { className: "working" }, error.name === "AbortError" ? "Stopped. " : "This did not come. ", again);
    if (!follows) tile.append(said);
  } finally {
    clearTimeout(showing);
    clearInterval(counting);
    work.remove();
    if (tile.asked === giveUp) tile.asked = null;
  }
}

function replace(tile, text) {
  const fresh = new DOMParser().parseFromString(text, "text/html").body.firstElementChild;
  const reachable = "a,[tabindex],summary,button", focused = [...tile.querySelectorAll(reachable)].indexOf(document.activeElement);
  tile.replaceWith(fresh);
  if (focused >= 0) fresh.querySelectorAll(reachable)[focused]?.focus({ preventScroll: true });
}

const tiles = () => [...document.querySelectorAll("section[data-tables]")];
const refresh = () => tiles().forEach((tile) => ask(tile));
document.querySelectorAll("section[data-waiting]").forEach((tile) => ask(tile));

// live: the server names what changed; what is hidden, and what somebody is at work with, waits

const changed = new Set(), followed = new Set(), MOST_FOLLOWED = 3, dot = document.querySelector(".live");
let stream = null, gathering = null, following = 0;

function take() {
  gathering = null;
  if (drag || document.querySelector("dialog[open]") || !getSelection().isCollapsed) return gather();
  const names = [...changed];
  changed.clear();
  const isRead = (tile) => names.some((name) => tile.dataset.tables.split(" ").includes(name));
  tiles().filter(isRead).forEach((tile) => followed.add(tile.id));
  return follow();
}

// few at a time: a browser has six connections to a server, and whoever clicks meanwhile is not to wait
function follow() {
  for (const id of [...followed].slice(0, MOST_FOLLOWED - following)) {
    const tile = document.getElementById(id);
    followed.delete(id);
    following += 1;
    Promise.resolve(tile && ask(tile, true)).finally(() => { following -= 1; follow(); });
  }
}

function gather() { gathering ??= setTimeout(take, QUIET_MS); }

function listen() {
  if (document.hidden || stream) return;
  stream = new EventSource("/live");
  stream.onopen = () => { dot.textContent = "live"; dot.classList.add("on"); };
  stream.onerror = () => { dot.textContent = "not connected"; dot.classList.remove("on"); };
  stream.addEventListener("pace", (event) => { dot.textContent = +event.data ? `live, every ${event.data} s` : "live"; });
  stream.addEventListener("change", (event) => { changed.add(JSON.parse(event.data).table); gather(); });
}

if (dot && isNow && tiles().length) {
  listen();
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) {
      stream?.close();
      stream = null;
      dot.textContent = "paused";
      dot.classList.remove("on");
    } else {
      listen();
      refresh();
    }
  });
}

// keys

let going = 0; // when g was pressed
const ways = new Map();
for (const link of document.querySelectorAll("header nav a")) {
  const letter = [...link.textContent.toLowerCase()].find((one) => /[a-z]/.test(one) && !ways.has(one));
  if (letter) ways.set(letter, link);
}
const pointed = () => (document.activeElement.closest?.(".tile") ?? document.querySelector(".tile:hover") ?? document.querySelector(".tile[id]"));

async function copy() {
  const said = new URLSearchParams(location.search);
  said.set("from", written(seen.start));
  said.set("to", written(seen.end));
  const address = `${location.origin}${location.pathname}?${said}`;
  try {
    await navigator.clipboard.writeText(address);
    say("The address of this very window is copied.");
  } catch {
    prompt("The address of this very window:", address);
  }
}

const KEYS = {
  "[": ["half a window earlier", () => move(-0.5)],
  "]": ["half a window later", () => move(0.5)],
  "-": ["a longer window", () => zoom(1)],
  "=": ["a shorter window", () => zoom(-1)],
  t: ["the same span, until now", today],
  g: ["go to a page, by one more letter", () => { going = Date.now(); say(`Go to: ${[...ways].map(([letter, link]) => `${letter} ${link.textContent}`).join(", ")}`); }],
  s: ["the SQL of the tile", () => { const link = pointed()?.querySelector("a[data-form=sql]"); return link ? location.assign(link.href) : say("There is no tile here."); }],
  r: ["ask all tiles again", () => refresh()],
  c: ["copy the address of this very window", copy],
  "/": ["look for something", () => document.getElementById("search")?.focus()],
  "?": ["this help", help],
};

function help() {
  const rows = Object.entries(KEYS).map(([key, [meaning]]) => made("tr", {}, made("td", {}, made("kbd", {}, key)), made("td", {}, meaning)));
  const more = ["Drag over a chart of time to look at that stretch.", "Click a value to keep it alone; with shift, to leave it out."];
  const shown = made("dialog", { onclose: () => shown.remove() }, made("h2", {}, "Keys"), made("table", {}, ...rows),
    ...more.map((line) => made("p", {}, line)), made("form", { method: "dialog" }, made("button", {}, "Close")));
  document.body.append(shown);
  shown.showModal();
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest?.("input,select,textarea,dialog")) {
    if (event.key === "Escape") document.activeElement.blur();
    return;
  }
  const goes = Date.now() - going < 3000 && ways.get(event.key);
  going = 0;
  if (goes) {
    location.assign(goes.href);
  } else if (Object.hasOwn(KEYS, event.key)) {
    event.preventDefault();
    KEYS[event.key][1]();
  }
});

// SQL: names that complete a word, what a statement would cost, and what was asked here

const sql = document.querySelector(".statement textarea");
const PAUSE_MS = 150, THINKING_MS = 800; // how long typing pauses before names, and before the cost, are asked for
let names = [], chosen = -1, asking = null, pausing = null, thinking = null;

async function given(address) {
  asking?.abort();
  const mine = asking = new AbortController();
  try {
    const answer = await fetch(address, { signal: mine.signal });
    return answer.ok ? await answer.json() : null;
  } catch { return null; }
}

const word = () => /[\w"]+$/.exec(sql.value.slice(0, sql.selectionStart))?.[0] ?? "";

async function complete(isWanted) {
  const begins = word();
  if (begins.length < (isWanted ? 0 : 2) || sql.selectionStart !== sql.selectionEnd) return offer([]);
  const of = [...sql.value.matchAll(/\b(?:from|join)\s+"?(\w+)/gi)].map((found) => found[1].toLowerCase());
  const found = await given(`/sql/names.json?${new URLSearchParams({ begins, of })}`);
  if (!found || begins !== word()) return undefined;
  const isAlone = sql.value.trim() === begins; // a saved query takes the place of all that is written
  return offer(found.filter((one) => isAlone || one.kind !== "saved query").slice(0, 12));
}

function narrow() { // what was offered for fewer letters is not taken for these
  const begins = word().replaceAll('"', "").toLowerCase();
  offer(names.filter((one) => begins && one.name.toLowerCase().startsWith(begins)));
}

function offer(found) {
  names = found;
  chosen = -1;
  sql.removeAttribute("aria-activedescendant");
  document.getElementById("names").replaceChildren(...found.map((one, place) => {
    const item = made("li", { id: `name-${place}`, onpointerdown: (event) => { event.preventDefault(); takeName(place); } },
      made("code", {}, one.name), ` ${one.kind} `, made("small", {}, one.of));
    item.setAttribute("role", "option");
    return item;
  }));
}

function offerNone() { // what is on its way neither
  clearTimeout(pausing);
  asking?.abort();
  offer([]);
}

function point(place) {
  chosen = (place + names.length) % names.length;
  for (const item of document.getElementById("names").children) item.setAttribute("aria-selected", item.id === `name-${chosen}`);
  sql.setAttribute("aria-activedescendant", `name-${chosen}`);
  document.getElementById(`name-${chosen}`).scrollIntoView({ block: "nearest" });
}

function takeName(place) {
  const one = names[place], end = sql.selectionStart, begin = end - word().length;
  if (one.kind === "saved query") return location.assign(`/sql?${new URLSearchParams({ query: one.name, show: 1 })}`);
  sql.setRangeText(one.name, begin, end, "end");
  offerNone();
  return think();
}

function think() {
  clearTimeout(thinking);
  thinking = setTimeout(async () => {
    const place = document.getElementById("would");
    const answer = sql.value.trim() && await fetch(`/sql/cost.txt?${new URLSearchParams({ q: sql.value })}`).catch(() => null);
    place.textContent = answer?.ok ? await answer.text() : "";
  }, THINKING_MS);
}

function keyed(event) {
  const goes = { ArrowDown: chosen + 1, ArrowUp: chosen < 0 ? -1 : chosen - 1 }[event.key];
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) sql.form.requestSubmit();
  else if (event.key === " " && event.ctrlKey) complete(true);
  else if (!names.length) return;
  else if (goes !== undefined) point(goes);
  else if (/^(Arrow(Left|Right)|Home|End)$/.test(event.key)) return offerNone(); // another word
  else if (event.key === "Escape") offerNone();
  else if ((event.key === "Tab" && !event.shiftKey) || (event.key === "Enter" && chosen >= 0)) takeName(Math.max(chosen, 0));
  else return;
  event.preventDefault();
  event.stopPropagation();
}

// statements that were asked here stay in this browser, and are told to nobody

const HISTORY = "eventlake statements", MOST_KEPT = 30, LONGEST_KEPT = 4000;

function kept() {
  try { return JSON.parse(localStorage.getItem(HISTORY) ?? "[]").filter((one) => typeof one === "string"); } catch { return []; }
}

function keep(statements) {
  try {
    if (statements.length) localStorage.setItem(HISTORY, JSON.stringify(statements));
    else localStorage.removeItem(HISTORY);
  } catch { /* a browser that keeps nothing has no history */ }
}

function historyOf(statements) {
  const forget = made("button", { type: "button", onclick: () => { keep([]); shown.remove(); } }, "Forget all");
  const lines = statements.map((one) => made("li", {}, made("a", { href: `/sql?${new URLSearchParams({ q: one, show: 1 })}`, title: one },
    one.replace(/\s+/g, " ").slice(0, 140))));
  const shown = made("details", { id: "history" }, made("summary", {}, `${statements.length} asked in this browser`), made("ul", {}, ...lines), forget);
  return shown;
}

if (sql) {
  const list = made("ul", { id: "names" });
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", "Names that begin like this");
  sql.setAttribute("aria-autocomplete", "list");
  sql.setAttribute("aria-controls", "names");
  sql.after(list, made("p", { id: "would", className: "note" }));
  document.getElementById("would").setAttribute("role", "status");
  sql.addEventListener("input", () => {
    narrow();
    clearTimeout(pausing);
    pausing = setTimeout(() => complete(false), PAUSE_MS);
    think();
  });
  sql.addEventListener("keydown", keyed);
  sql.addEventListener("blur", offerNone);
  const ran = sql.value.trim(), said = new URLSearchParams(location.search);
  const isNew = document.getElementById("cost") && !said.has("show") && !said.has("explain") && ran && ran.length <= LONGEST_KEPT;
  const statements = isNew ? [ran, ...kept().filter((one) => one !== ran)].slice(0, MOST_KEPT) : kept();
  if (isNew) keep(statements);
  if (statements.length) sql.form.after(historyOf(statements));
}
