/* --- the lines of the table ------------------------------------------------------------- */

const nothing = { stack: "", release: "", isa: "", threads: null, gflops_per_cpu_second: null, proven: "" };
const byName = new Map(data.hosts.map((host) => [host.name, host]));

function line(host, row) {
  const kind = data.classes[host.class];
  const found = row || nothing;
  const cause = (row && shared[row.cause]) || { code: "", text: row ? "" : host.why || "No stack is installed." };
  const peak = kind && kind.peak;
  const speed = found.gflops_per_cpu_second;
  const made_of = {
    name: host.name,
    groups: shared[host.groups],
    host: host.name,
    class: kind ? kind.name : "",
    stack: found.stack,
    verdict: row ? row.verdict : host.state === "looked" ? "unproven" : host.state,
    release: found.release,
    implementation: row ? shared[row.implementations].join(", ") : "",
    isa: found.isa,
    threads: found.threads,
    speed,
    share: peak && speed !== null ? speed / peak : null,
    age: found.proven ? made - Date.parse(found.proven) : null,
    cause: cause.code || cause.text,
    why: [cause.code, cause.text].filter(Boolean).join(": "),
  };
  made_of.text = [
    made_of.host, made_of.groups.join(" "), made_of.class, made_of.stack, WORD[made_of.verdict] || made_of.verdict, made_of.release,
    made_of.implementation, made_of.isa, made_of.why, found.framework || "", found.onednn ? "oneDNN " + found.onednn : "", found.vouched_by ? "short proof" : "",
  ].join("\n").toLowerCase();
  return made_of;
}
const lines = data.hosts.flatMap((host) => (host.rows.length ? host.rows.map((row) => line(host, row)) : [line(host, null)]));

const collator = new Intl.Collator("en", { numeric: true });
const NUMBERS = new Set(["threads", "speed", "share", "age"]);
const SHOW = { speed: figure, share: percent, age, release: (text) => text.slice(0, 8), groups: (list) => list.join(", ") };
const columns = [...get("table").tHead.rows[0].cells].map((cell) => ({
  cell,
  key: cell.querySelector("button").dataset.key,
  kind: cell.className,
}));

/* Ranks are made once for each column; sorting then compares numbers. */
const orders = new Map();
function ranks(key) {
  if (orders.has(key)) return orders.get(key);
  const rank = new Map();
  if (!NUMBERS.has(key)) {
    const values = [...new Set(lines.map((one) => String(one[key])))];
    values.sort(key === "verdict" ? (a, b) => RANK.indexOf(a) - RANK.indexOf(b) : collator.compare);
    values.forEach((value, at) => rank.set(value, value === "" ? null : at));
  }
  const found = new Map(lines.map((one) => [one, NUMBERS.has(key) ? one[key] : rank.get(String(one[key]))]));
  orders.set(key, found);
  return found;
}
function sorted(key, sign) {
  const [rank, host, stack] = [ranks(key), ranks("host"), ranks("stack")];
  return [...lines].sort((a, b) => {
    const [x, y] = [rank.get(a), rank.get(b)];
    /* What is not known comes last, whichever way. */
    if (x === null || y === null) { if (x !== y) return x === null ? 1 : -1; } else if (x !== y) return sign * (x - y);
    return host.get(a) - host.get(b) || stack.get(a) - stack.get(b);
  });
}

/* --- filters ----------------------------------------------------------------------------- */

const FILTERS = ["verdict", "stack", "class", "group"];
const state = { key: "verdict", sign: 1, first: 0, all: false };
let order = sorted(state.key, state.sign);
let chosen = lines;

function fill(id, values, words) {
  get(id).append(...[...new Set(values)].filter(Boolean).sort(id === "verdict" ? (a, b) => RANK.indexOf(a) - RANK.indexOf(b) : collator.compare)
    .map((value) => element("option", { value }, (words && words[value]) || value)));
}
fill("verdict", RANK, WORD);
fill("stack", lines.map((one) => one.stack));
fill("class", lines.map((one) => one.class));
fill("group", lines.flatMap((one) => one.groups));

function choose() {
  const terms = get("query").value.toLowerCase().split(/\s+/).filter(Boolean);
  const [verdict, stack, kind, group] = FILTERS.map((id) => get(id).value);
  chosen = order.filter((one) =>
    (!verdict || one.verdict === verdict) && (!stack || one.stack === stack) && (!kind || one.class === kind) &&
    (!group || one.groups.includes(group)) && terms.every((term) => one.text.includes(term)));
  for (const tile of document.querySelectorAll(".tile")) tile.setAttribute("aria-pressed", String(tile.dataset.verdict === verdict));
  draw();
}

function cell(one, { key, kind }) {
  if (key === "host") return element("th", { scope: "row" }, link(one.host));
  if (key === "verdict") return element("td", {}, verdict(one.verdict));
  const value = one[key];
  const shown = SHOW[key] ? SHOW[key](value) : value === null ? "" : String(value);
  const made = element("td", { class: [kind, key].filter(Boolean).join(" ") }, shown);
  const whole = key === "cause" ? one.why : key === "groups" ? shown : NUMBERS.has(key) ? "" : String(value);
  if (whole) made.title = whole;
  return made;
}

function draw() {
  if (state.first >= chosen.length) state.first = 0;
  const last = state.all ? chosen.length : Math.min(chosen.length, state.first + PAGE);
  const shown = chosen.slice(state.all ? 0 : state.first, last);
  get("table").tBodies[0].replaceChildren(...shown.map((one) => element("tr", {}, ...columns.map((column) => cell(one, column)))));
  const whole = lines.length.toLocaleString("en");
  const part = chosen.length === lines.length ? whole + " lines" : chosen.length.toLocaleString("en") + " of " + whole + " lines";
  const span = chosen.length > PAGE && !state.all ? ", showing " + (state.first + 1).toLocaleString("en") + "–" + last.toLocaleString("en") : "";
  get("count").textContent = chosen.length ? part + span : "No line fits these filters.";
  get("earlier").parentElement.hidden = chosen.length <= PAGE;
  get("earlier").disabled = state.first === 0;
  get("later").disabled = last >= chosen.length;
  for (const { cell, key } of columns) {
    cell.setAttribute("aria-sort", key !== state.key ? "none" : state.sign > 0 ? "ascending" : "descending");
  }
}

function remember() {
  const parts = new URLSearchParams();
  for (const id of ["query", ...FILTERS]) if (get(id).value) parts.set(id, get(id).value);
  history.replaceState(null, "", parts.size ? "#" + parts : location.pathname + location.search);
}
function changed() {
  state.first = 0;
  choose();
  remember();
}
get("filters").addEventListener("input", (event) => { if (event.target === get("query")) changed(); });
get("filters").addEventListener("change", (event) => { if (event.target !== get("query")) changed(); });
get("filters").addEventListener("submit", (event) => event.preventDefault());
get("filters").addEventListener("reset", () => setTimeout(changed));
for (const tile of document.querySelectorAll(".tile")) {
  tile.addEventListener("click", () => {
    get("verdict").value = tile.getAttribute("aria-pressed") === "true" ? "" : tile.dataset.verdict;
    changed();
  });
}
get("table").tHead.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  const key = button.dataset.key;
  state.sign = key === state.key ? -state.sign : 1;
  state.key = key;
  state.first = 0;
  order = sorted(key, state.sign);
  choose();
});
function turn(pages) {
  state.first += pages * PAGE;
  draw();
  get("lines").scrollIntoView();
}
get("earlier").addEventListener("click", () => turn(-1));
get("later").addEventListener("click", () => turn(1));
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Escape" && !get("host").hidden) leave();
  if (event.key === "/" && !event.target.closest("input, select, textarea") && get("host").hidden) {
    event.preventDefault();
    get("query").focus();
  }
});
addEventListener("beforeprint", () => { state.all = true; draw(); });
addEventListener("afterprint", () => { state.all = false; draw(); });
