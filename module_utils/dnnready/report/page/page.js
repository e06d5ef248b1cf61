
"use strict";
/* Everything here is text from hosts: it is put into the page as text nodes and attributes of fixed names, never as markup. */
(() => {
  const PAGE = 50;
  const RANK = ["broken", "fallback", "failed", "unreachable", "unproven", "accelerated"];
  const WORD = { failed: "not readable" };
  const data = JSON.parse(document.getElementById("data").textContent);
  const shared = data.shared;
  const made = Date.parse(data.created);
  const get = (id) => document.getElementById(id);

  function element(name, properties, ...children) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(properties || {})) {
      if (key === "class") made.className = value;
      else if (key in made) made[key] = value;
      else made.setAttribute(key, value);
    }
    made.append(...children.filter((child) => child !== null && child !== undefined && child !== ""));
    return made;
  }

  function verdict(name) {
    const space = "http://www.w3.org/2000/svg";
    const icon = document.createElementNS(space, "svg");
    const use = document.createElementNS(space, "use");
    icon.setAttribute("class", "icon");
    icon.setAttribute("aria-hidden", "true");
    use.setAttribute("href", "#i-" + name);
    icon.append(use);
    return element("span", { class: "verdict " + name }, icon, WORD[name] || name);
  }

  const figure = (value) =>
    value === null || value === undefined ? "" : value < 100 ? value.toFixed(1) : Math.round(value).toLocaleString("en");
  const percent = (value) => (value === null ? "" : Math.round(100 * value) + " %");
  const moment = (text) => (text ? text.slice(0, 10) + " " + text.slice(11, 16) + " UTC" : "");
  function age(milliseconds) {
    if (milliseconds === null) return "";
    const minutes = Math.max(0, milliseconds) / 60000;
    if (minutes < 120) return Math.round(minutes) + " min";
    return minutes < 2880 ? Math.round(minutes / 60) + " h" : Math.round(minutes / 1440) + " d";
  }
  const link = (name) => element("a", { href: "#" + new URLSearchParams({ host: name }) }, name);

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
      made_of.implementation, made_of.isa, made_of.why, found.framework || "", found.onednn ? "oneDNN " + found.onednn : "",
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

  /* --- one host ---------------------------------------------------------------------------- */

  const facts = (entries) => element("dl", {}, ...entries.filter(([, value]) => value !== "" && value !== null && value !== undefined)
    .map(([word, value]) => element("div", { class: value.length > 60 ? "long" : "" }, element("dt", {}, word), element("dd", {}, value))));
  const finding = (name, ...texts) => element("div", { class: "finding " + name }, ...texts.filter(Boolean).map((text) => element("p", {}, text)));
  const times = (list) => list.join("×");
  const gib = (bytes) => (bytes ? (bytes / 2 ** 30).toFixed(1) + " GiB" : "");
  const mib = (bytes) => (bytes ? Math.round(bytes / 2 ** 20).toLocaleString("en") + " MiB" : "");

  const counted = (number, word) => number.toLocaleString("en") + " " + word + (number === 1 ? "" : "s");

  /* A column that says nothing anywhere is left out. */
  function table(all, cells, label) {
    const used = all.map((_, at) => cells.some((row) => row[at] !== ""));
    const [headings, rows] = [all.filter((_, at) => used[at]), cells.map((row) => row.filter((_, at) => used[at]))];
    return element("div", { class: "scroll", role: "region", "aria-label": label, tabIndex: 0 }, element("table", {},
      element("thead", {}, element("tr", {}, ...headings.map(([word, kind]) => element("th", { scope: "col", class: kind || "" }, word)))),
      element("tbody", {}, ...rows.map((row) => element("tr", {}, ...row.map((value, at) =>
        element(at ? "td" : "th", at ? { class: headings[at][1] || "" } : { scope: "row" }, value)))))));
  }

  function probe([number, sgemm, speeds]) {
    const said = shared[number];
    const library = [said.library.name, said.library.version].filter(Boolean).join(" ");
    const CONTROL = { true: "its lines vanished, as they must", false: "its lines did not vanish" };
    const parts = [
      element("h4", {}, "Probe " + said.probe + (said.verdict ? ": " + said.verdict : "")),
      facts([
        ["Framework", [said.framework.name, said.framework.version].filter(Boolean).join(" ")],
        ["Library", [library, said.library.runtime].filter(Boolean).join(", ")],
        ["The library says", said.library.isa_text],
        ["Threads", said.threads === null ? "" : String(said.threads)],
        ["OpenMP runtimes loaded", said.openmp.join(", ")],
        ["sgemm, GFLOP/s per CPU second", figure(sgemm)],
        ["Without the library", [said.control.how, CONTROL[said.control.silent] || said.control.error].filter(Boolean).join(": ")],
        ["Ended during", said.unfinished],
      ]),
    ];
    if (said.cause) parts.splice(1, 0, finding(said.verdict || "unproven", said.cause.code, said.cause.text));
    if (said.convolutions.length) {
      parts.push(table(
        [["Convolution"], ["Input", "number"], ["Filters", "number"], ["Kernel", "number"], ["Type"], ["Implementation"], ["GFLOP/s per CPU s", "number"], ["Results"], ["Remark"]],
        said.convolutions.map((one, at) => [
          one.name + (one.mode && one.mode !== "direct" ? " (" + one.mode + ")" : ""), times(one.input), String(one.filters || ""),
          times(one.kernel) + (one.stride.some((by) => by > 1) ? " by " + times(one.stride) : ""), one.dtype,
          element("code", {}, one.implementations.join(", ") || "not by the library"), figure(speeds[at]),
          one.right === null ? "not compared" : one.right ? "right" : "WRONG",
          [one.role === "informational" ? "For information only." : "", one.why, one.error].filter(Boolean).join(" "),
        ]), "Convolutions of the probe " + said.probe));
    }
    const SIGN = { true: "agrees", false: "disagrees" };
    const witnesses = said.witnesses.map((one) => [SIGN[one.agrees] || "cannot tell", one.kind + ": " + one.text]);
    if (witnesses.length) {
      parts.push(element("details", {}, element("summary", {}, "Other witnesses: " + witnesses.length + ", agreeing: " + witnesses.filter(([sign]) => sign === "agrees").length),
      element("ul", { class: "said" }, ...witnesses.map(([sign, text]) => element("li", {}, sign + ", " + text)))));
    }
    if (said.library_errors.length) parts.push(element("pre", {}, said.library_errors.join("\n")));
    if (said.stderr.length) {
      parts.push(element("details", {}, element("summary", {}, "What it printed last"), element("pre", {}, said.stderr.join("\n"))));
    }
    return element("div", {}, ...parts);
  }

  function stack(host, row) {
    const cause = shared[row.cause];
    const variables = Object.entries(shared[row.environment]).map(([name, value]) => name + "=" + value);
    const found = line(host, row);
    const parts = [
      element("h3", {}, row.stack, verdict(row.verdict)),
      cause && finding(row.verdict, cause.code, cause.text, row.next && "Next: " + row.next),
      row.switching && finding("unproven", "A switch to another release was cut and is not final. The next run of site.yml completes or undoes it."),
      ...shared[row.rejected].map((one) => finding("fallback", "Release " + one.release + " had to go back" + (one.when ? " at " + one.when : "") + ": " + one.why)),
      facts([
        ["Release", element("code", {}, row.release || "none")],
        ["Current since", moment(row.since)],
        ["Proven", row.proven ? moment(row.proven) + (row.holds ? "" : ", no longer holds") : "never"],
        ["Framework", row.framework],
        ["oneDNN", row.onednn],
        ["Implementation", shared[row.implementations].join(", ")],
        ["ISA in use", row.isa],
        ["ISA of the CPU", row.isa_cpu],
        ["Threads", row.threads === null ? "" : String(row.threads)],
        ["GFLOP/s per CPU second", figure(row.gflops_per_cpu_second) + (found.share === null ? "" : ", " + percent(found.share) + " of the class's sgemm")],
        ["On the disk", [mib(row.bytes), row.distributions ? counted(row.distributions, "distribution") : ""].filter(Boolean).join(", ")],
        ["Releases kept", row.releases === null ? "" : String(row.releases)],
        ["Previous release", row.previous && element("code", {}, row.previous)],
        ["Kernel at the proof", row.kernel],
      ]),
      ...(variables.length ? [element("h4", {}, "Environment of the release"), element("pre", {}, variables.join("\n"))] : []),
      ...row.probes.map(probe),
    ];
    return element("section", { class: "stack" }, ...parts.filter(Boolean));
  }

  function section(host) {
    const hardware = shared[host.hardware];
    const back = element("button", { type: "button" }, "← Fleet");
    back.addEventListener("click", leave);
    const parts = [element("header", {}, element("div", {}, back, element("h2", {}, host.name),
      element("p", { class: "muted" }, [shared[host.groups].join(", "), host.prefix].filter(Boolean).join(" · "))))];
    if (host.state !== "looked") {
      parts.push(finding(host.state, (WORD[host.state] || host.state) + (host.seen ? ", last seen " + moment(host.seen) : ", never seen"), host.why));
    } else if (host.seen !== data.created) {
      parts.push(element("p", { class: "note" }, "Not asked by this run; as it was seen " + moment(host.seen) + "."));
    }
    const drift = data.drift.filter((one) => one.host === host.name);
    if (drift.length) {
      parts.push(element("h3", {}, "Since the last page"), element("ul", { class: "said" }, ...drift.map((one) =>
        element("li", {}, [one.stack, one.kind].filter(Boolean).join(" ") + ": " + one.before + " → " + one.after + " (" + one.outcome + ")"))));
    }
    if (hardware) {
      parts.push(facts([
        ["Hardware class", data.classes[host.class] ? data.classes[host.class].name : ""],
        ["CPU", hardware.cpu.model],
        ["ISA", hardware.cpu.isa],
        ["Cores for threads", hardware.cores.effective + " of " + hardware.cores.online + (hardware.cores.quota ? ", quota " + hardware.cores.quota : "")],
        ["Memory", gib(hardware.memory.total_bytes) + (hardware.memory.limit_bytes ? ", limit " + gib(hardware.memory.limit_bytes) : "")],
        ["System", [hardware.os.id, hardware.os.version_id].filter(Boolean).join(" ")],
        ["Kernel", hardware.os.kernel],
        ["C library", hardware.libc],
      ]));
    }
    if (host.state === "looked" && !host.rows.length) parts.push(finding("unproven", "No stack is installed.", "Next: ansible-playbook site.yml"));
    parts.push(...host.rows.map((row) => stack(host, row)));
    return parts;
  }

  /* --- where the page is ------------------------------------------------------------------- */

  let came_from = null;
  let height = 0;
  function leave() {
    if (came_from !== null) history.back();
    else location.hash = "";
  }
  function route() {
    const parts = new URLSearchParams(location.hash.slice(1));
    const host = byName.get(parts.get("host"));
    const opened = !get("host").hidden;
    if (host) {
      if (!opened) {
        height = scrollY;
        came_from = document.activeElement && document.activeElement.closest("#overview a") ? document.activeElement : null;
      }
      get("host").replaceChildren(...section(host));
      get("host").hidden = false;
      get("overview").hidden = true;
      document.title = host.name + " · Fleet";
      scrollTo({ top: 0, behavior: "instant" });
      get("host").focus({ preventScroll: true });
      return;
    }
    get("overview").hidden = false;
    if (opened) {
      get("host").hidden = true;
      get("host").replaceChildren();
      document.title = title;
      scrollTo({ top: height, behavior: "instant" });
      if (came_from && came_from.isConnected) came_from.focus({ preventScroll: true });
      came_from = null;
      return;
    }
    if (location.hash === "#lines") return;
    for (const id of ["query", ...FILTERS]) get(id).value = parts.get(id) || "";
    state.first = 0;
    choose();
  }
  const title = document.title;
  addEventListener("hashchange", route);

  /* --- colours ----------------------------------------------------------------------------- */

  const root = document.documentElement;
  function theme(value) {
    if (value) root.dataset.theme = value;
    else delete root.dataset.theme;
  }
  /* A page opened from a file may have no storage. */
  try { get("theme").value = localStorage.getItem("dnnready-theme") || ""; } catch { /* as the system */ }
  theme(get("theme").value);
  get("theme").addEventListener("change", () => {
    theme(get("theme").value);
    try { localStorage.setItem("dnnready-theme", get("theme").value); } catch { /* for this time only */ }
  });

  root.classList.add("script");
  choose();
  route();
})();
