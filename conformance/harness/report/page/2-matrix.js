"use strict";
// The cards of the runtimes, the filters, and the table of clauses by runtimes.
const filter = {text: "", area: "", status: "", differ: false};
const SHOWN_PROGRAMS = 6;

function cards() {
  const box = document.getElementById("cards");
  D.runtimes.forEach((runtime, column) => {
    const counts = Object.fromEntries(statuses.map((s) => [s, 0]));
    D.clauses.forEach((clause) => { counts[clause[6][column]] += 1; });
    const bar = el("div", {class: "bar"});
    for (const status of ["pass", "known", "want_missing", "unknown", "error", "fail", "crash", "skip"]) {
      const share = 100 * counts[status] / D.clauses.length;
      if (share) bar.append(el("i", {style: `width:${share}%;background:var(--tone)`, class: `s-${status}`,
        title: `${counts[status]} ${word(status)}`}));
    }
    const programs = Object.values(runtime.summary).reduce((a, b) => a + b, 0);
    box.append(el("article", {class: "card", "data-runtime": runtime.runtime},
      el("h2", {}, runtime.runtime, el("small", {}, runtime.version || "")),
      el("p", {class: "big"}, String(counts.pass), " ", el("small", {}, `of ${D.clauses.length} clauses pass`)), bar,
      el("p", {}, statuses.filter((s) => counts[s] && s !== "pass").map((s) => `${counts[s]} ${word(s)}`).join(", ")),
      el("p", {}, `${programs} programs, ${number(runtime.executions || 0)} executions in ` +
        `${(runtime.seconds || 0).toFixed(1)} s, ${runtime.outcomes.observed} of ${runtime.outcomes.allowed} ` +
        `outcomes seen, seed ${runtime.seed}${runtime.stopped ? ", stopped early" : ""}` +
        `${runtime.partial ? ", a part of the corpus only" : ""}`)));
  });
}

function chips() {
  const box = document.getElementById("chips");
  const used = statuses.filter((s) => D.clauses.some((c) => c[6].includes(s)));
  for (const status of used) {
    const count = D.clauses.filter((c) => c[6].includes(status)).length;
    box.append(el("button", {type: "button", class: `chip s-${status}`, "data-status": status, "aria-pressed": "false",
      onclick: () => { filter.status = filter.status === status ? "" : status; draw(); }},
    el("b", {style: "color:var(--tone)"}, word(status)), ` ${count}`));
  }
}

function fits(clause) {
  const [id, area, , , requirement, , cells, programs] = clause;
  if (filter.area && area !== filter.area) return false;
  if (filter.status && !cells.includes(filter.status)) return false;
  if (filter.differ && new Set(cells).size < 2) return false;
  const text = filter.text.toLowerCase();
  return !text || id.toLowerCase().includes(text) || requirement.toLowerCase().includes(text) ||
    programs.some((p) => p.includes(text) || D.programs[p].path.includes(text));
}

function row(clause) {
  const [id, , level, portability, requirement, source, cells, programs] = clause;
  const list = el("div", {class: "progs"});
  const add = (names) => names.forEach((p) => list.append(el("button", {type: "button", class: "prog", "data-program": p,
    title: D.programs[p].path, onclick: () => openProgram(p)}, D.programs[p].path.split("/").slice(1).join("/"))));
  add(programs.slice(0, SHOWN_PROGRAMS));
  if (programs.length > SHOWN_PROGRAMS) {
    const more = el("button", {type: "button", class: "prog more", onclick: () => {
      more.remove();
      add(programs.slice(SHOWN_PROGRAMS));
    }}, `${programs.length - SHOWN_PROGRAMS} more`);
    list.append(more);
  }
  const covered = cells.some((s) => s !== "uncovered") || programs.length > 0;
  return el("tr", {class: covered ? "clause" : "clause uncovered", "data-clause": id},
    el("td", {}, el("div", {class: "id"}, id, level === "must" ? null : el("span", {class: "level"}, level)),
      el("div", {class: "req", title: `${source}; ${portability}`}, requirement)),
    ...cells.map((status) => el("td", {}, status === "uncovered" ? el("span", {class: "zero"}, "–") : pill(status))),
    el("td", {class: "progcell"}, list));
}

function draw() {
  const body = document.querySelector("#matrix tbody");
  const rows = [];
  let area = "";
  let count = 0;
  for (const clause of D.clauses) {
    if (!fits(clause)) continue;
    if (clause[1] !== area) {
      area = clause[1];
      const title = D.areas.find((a) => a[0] === area)[1];
      const mine = D.clauses.filter((c) => c[1] === area);
      const covered = mine.filter((c) => c[7].length > 0).length;
      rows.push(el("tr", {class: "areahead"}, el("td", {colspan: D.runtimes.length + 2}, area,
        el("small", {}, title), el("small", {}, `${covered} of ${mine.length} clauses have programs`))));
    }
    rows.push(row(clause));
    count += 1;
  }
  body.replaceChildren(...rows);
  document.getElementById("nothing").hidden = count > 0;
  document.getElementById("count").textContent = `${count} of ${D.clauses.length} clauses`;
  document.querySelectorAll(".chip").forEach((chip) =>
    chip.setAttribute("aria-pressed", String(chip.dataset.status === filter.status)));
}

function start() {
  const select = document.getElementById("area");
  select.append(el("option", {value: ""}, "all areas"), ...D.areas.map(([name, title]) =>
    el("option", {value: name, title}, name)));
  document.querySelector("#matrix thead").append(el("tr", {}, el("th", {}, "clause"),
    ...D.runtimes.map((r) => el("th", {}, r.runtime)), el("th", {class: "progcell"}, "programs")));
  select.addEventListener("change", () => { filter.area = select.value; draw(); });
  document.getElementById("text").addEventListener("input", (e) => { filter.text = e.target.value; draw(); });
  document.getElementById("differ").addEventListener("change", (e) => { filter.differ = e.target.checked; draw(); });
  cards();
  chips();
  draw();
}
start();
