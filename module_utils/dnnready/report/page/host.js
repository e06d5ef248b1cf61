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
      ["Short proof", row.vouched_by && "vouched for by " + row.vouched_by],
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
