"use strict";
// The panel of one program: source, outcomes by runtime, findings, and the schedule of the outcome that is picked.
// Its state is in the address: #program=ID&outcome=N, so that a link opens what its sender saw.
const panel = document.getElementById("panel");
const KEYWORDS = /^(\s*)(litmus|id|spec|about|needs|profile|mode|show|want|allow|forbid|stat|stderr|chan|nilchan|mutex|rwmutex|wg|once|cond|atomic|var|timer|ticker|func)\b/;

function sourceLine(text, n) {
  const line = el("div", {"data-n": n});
  const hash = text.search(/(^|\s)#/);
  const code = hash < 0 ? text : text.slice(0, hash);
  const found = KEYWORDS.exec(code);
  if (found) line.append(found[1], el("span", {class: "k"}, found[2]), code.slice(found[0].length));
  else line.append(code);
  if (hash >= 0) line.append(el("span", {class: "c"}, text.slice(hash)));
  if (!text) line.append(" ");
  return line;
}

function sourceBox(program) {
  const lines = program.source.replace(/\n$/, "").split("\n");
  return el("pre", {class: "source"}, ...lines.map((text, i) => sourceLine(text, i + 1)));
}

function light(line) {
  panel.querySelectorAll(".source .lit").forEach((node) => node.classList.remove("lit"));
  const node = line > 0 ? panel.querySelector(`.source div[data-n="${line}"]`) : null;
  if (node) node.classList.add("lit");
}

// Every outcome that is allowed or was seen anywhere: the wrong ones first, then in the order of the model.
function outcomesOf(program) {
  const seen = program.results.flatMap((r) => (r ? Object.keys(r.outcomes) : []));
  const model = program.outcomes.map((o) => o.key);
  const keys = [...new Set([...model, ...program.allowed, ...seen])];
  const allowed = new Set(program.allowed);
  return [...keys.filter((k) => !allowed.has(k)), ...keys.filter((k) => allowed.has(k))].map((key) => ({
    key, allowed: allowed.has(key), wanted: program.wanted.includes(key),
    model: program.outcomes.find((o) => o.key === key) || null}));
}

// Why a wrong outcome is wrong: the program's own forbid line, when one fits.
function reason(program, key) {
  const words = new Set(key.split(" "));
  const line = program.expects.find(([verb, k, why]) => verb === "forbid" && why && k.split(" ").every((w) => words.has(w)));
  return line ? line[2] : "no line of the program lists it";
}

function outcomeTable(program, outcomes, picked) {
  const head = el("tr", {}, el("th", {}, "outcome"), el("th", {}, "model"),
    ...D.runtimes.map((r) => el("th", {}, r.runtime)));
  const rows = outcomes.map((o, i) => el("tr", {class: `pick${o.allowed ? "" : " bad"}${i === picked ? " on" : ""}`,
    "data-outcome": i, onclick: () => go(program.id, i)},
  el("td", {class: "key"}, o.key, el("small", {}, o.allowed ? (o.wanted ? "wanted" : "allowed")
    : `forbidden: ${reason(program, o.key)}`)),
  el("td", {}, o.model ? `${(100 * o.model.weight).toFixed(1)}%` : "–"),
  ...program.results.map((r) => {
    const count = r ? r.outcomes[o.key] || 0 : null;
    return el("td", {class: count ? "" : "zero"}, count === null ? "–" : number(count));
  })));
  return el("table", {class: "outcomes"}, head, ...rows);
}

function findings(program) {
  const out = [];
  program.results.forEach((result, column) => {
    if (!result) return;
    const mild = ["skip", "known", "want_missing", "pass"].includes(result.status);
    if (result.known) out.push(el("div", {class: "finding mild"}, `${D.runtimes[column].runtime}: known: ${result.known.reason} `,
      result.known.bug ? el("a", {href: result.known.bug}, result.known.bug) : null));
    for (const f of result.findings || []) {
      out.push(el("div", {class: mild ? "finding mild" : "finding"},
        `${D.runtimes[column].runtime}: ${f.what}${f.outcome ? ` [${f.outcome}]` : ""}`,
        f.again ? el("code", {}, `again: ${f.again}`) : null, f.text ? el("pre", {}, f.text) : null));
    }
  });
  return out;
}

// The other sources of a whole program: the panel's own source is its expectation file.
function files(program) {
  return Object.entries(program.files || {}).map(([suffix, text]) => el("details", {class: "file"},
    el("summary", {}, `${program.path.split("/").pop()}.${suffix}`), el("pre", {class: "source"}, text)));
}

// What was started on each runtime, and what it printed.
function runs(program) {
  const out = [];
  program.results.forEach((result, column) => {
    for (const run of (result && result.runs) || []) {
      const name = `${D.runtimes[column].runtime}, ${run.name}: ${run.end}`;
      out.push(el("details", {class: "run"}, el("summary", {}, name), el("code", {}, `$ ${run.command}`),
        ...["stdout", "stderr"].filter((s) => run[s]).map((s) => el("pre", {}, `${s}:\n${run[s]}`))));
    }
  });
  return out.length ? [el("h3", {}, "runs"), ...out] : [];
}

function schedule(program, outcome) {
  const box = el("div", {id: "schedule"});
  if (!outcome || Object.keys(program.files || {}).length) return box;
  if (!outcome.model || !outcome.model.steps.length) {
    box.append(el("h3", {}, "schedule"), el("p", {}, outcome.allowed
      ? "The model has no schedule for this program." : "The model knows no schedule that ends so."));
    return box;
  }
  const all = el("input", {type: "checkbox", checked: outcome.model.steps.length <= 40});
  const place = el("div", {class: "chartbox"});
  const draw = () => place.replaceChildren(chart(outcome.model.steps, all.checked, light));
  all.addEventListener("change", draw);
  draw();
  box.append(el("h3", {}, "a schedule that ends in ", el("code", {}, outcome.key)),
    el("div", {class: "charttools"}, el("label", {}, all, " local steps too"),
      el("span", {}, "Point at a step to see its line in the source."),
      outcome.model.more ? el("span", {}, `${outcome.model.more} more steps are left out.`) : null), place);
  return box;
}

function show(id, picked) {
  const program = D.programs[id];
  const outcomes = outcomesOf(program);
  const statusLine = el("div", {class: "links"}, ...program.results.map((r, i) =>
    el("span", {}, `${D.runtimes[i].runtime} `, r ? pill(r.status) : el("span", {class: "zero"}, "not run"))));
  const wrong = findings(program);
  const inner = panel.querySelector(".inner");
  inner.replaceChildren(el("button", {class: "close", type: "button", title: "Close (Esc)", onclick: closePanel}, "×"),
    el("h2", {}, program.path), el("p", {class: "about"}, program.about || ""), statusLine,
    el("div", {class: "links", style: "margin-top:10px"}, ...program.clauses.map((c) =>
      el("span", {class: "link"}, c)), el("span", {class: "link"}, `id ${id}`)),
    el("div", {class: "halves"},
      el("div", {class: "half"}, el("div", {class: "stick"}, el("h3", {}, "source"),
        program.source ? sourceBox(program) : el("p", {class: "zero"}, "not in the corpus any more"), ...files(program))),
      el("div", {class: "half"}, el("h3", {}, "outcomes, with how often each was seen"),
        outcomeTable(program, outcomes, picked),
        ...(wrong.length ? [el("h3", {}, "findings"), ...wrong] : []), ...runs(program), schedule(program, outcomes[picked]))));
  panel.hidden = false;
}

function openProgram(id) {
  go(id, null);
}

// Outcome null: the first wrong one, else the first.
function go(id, outcome) {
  location.hash = outcome === null ? `program=${id}` : `program=${id}&outcome=${outcome}`;
}

function closePanel() {
  history.pushState(null, "", location.pathname + location.search);
  panel.hidden = true;
}

function follow() {
  const words = new URLSearchParams(location.hash.slice(1));
  const id = words.get("program");
  if (!id || !D.programs[id]) {
    panel.hidden = true;
    return;
  }
  const top = panel.hidden || panel.dataset.program !== id ? 0 : panel.scrollTop;
  panel.dataset.program = id;
  show(id, Math.max(0, Number(words.get("outcome") || 0)));
  panel.scrollTop = top;
}

document.addEventListener("keydown", (e) => { if (e.key === "Escape" && !panel.hidden) closePanel(); });
window.addEventListener("hashchange", follow);
follow();
