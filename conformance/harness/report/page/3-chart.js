"use strict";
// A witness schedule as a sequence chart: a lifeline per goroutine, a row per step, an arrow to the step's partner.
// A step is [goroutine, block, line, partner, what]; goroutine -1 is the clock.
const ROW = 27, HEAD = 40, CHAR = 7.25, LEFT = 34;

const isLocal = (step) => step[3] < 0 && /^(sets|stores|call|returns)\b/.test(step[4]);
const isParking = (step) => /^(parks|waits)\b/.test(step[4]);
const isEnd = (step) => /^(returns|ends|dies|exit)\b/.test(step[4]);

// Lifelines in the order of goroutines, each as wide as its longest text.
function lifelines(steps) {
  const names = new Map();
  for (const [g, block, , partner] of steps) {
    if (!names.has(g)) names.set(g, g < 0 ? "clock" : block);
    if (partner >= 0 && !names.has(partner)) names.set(partner, "");
  }
  for (const step of steps) if (step[4].startsWith("go ") && step[3] >= 0) names.set(step[3], step[4].slice(3));
  let x = LEFT;
  return [...names.keys()].sort((a, b) => a - b).map((g) => {
    const label = g <= 0 ? names.get(g) : `${names.get(g) || "goroutine"} (${g})`;
    const longest = Math.max(label.length + 2, ...steps.filter((s) => s[0] === g).map((s) => s[4].length));
    const line = {g, label, x: x + 14, width: longest * CHAR + 44};
    x += line.width;
    return line;
  });
}

// Runs of a lifeline: solid while it can move, dashed while it is parked.
function segments(line, steps) {
  const marks = [];
  steps.forEach((step, i) => { if (step[0] === line.g || step[3] === line.g) marks.push([i, step]); });
  if (!marks.length) return [];
  const out = [];
  marks.forEach(([i, step], k) => {
    const next = marks[k + 1];
    const own = step[0] === line.g;
    if (own && isEnd(step) && !next) return;
    const until = next ? next[0] : steps.length;
    out.push({from: i, to: until, parked: own && isParking(step)});
  });
  return out;
}

function arrow(from, to, y) {
  const tip = to > from ? -1 : 1;
  return [el("path", {class: "arrow", d: `M${from} ${y} H${to + tip * 9}`}),
    el("path", {class: "tip", d: `M${to + tip * 4} ${y} l${tip * 9} -4.5 v9 z`})];
}

function chart(allSteps, showAll, onStep) {
  const steps = showAll ? allSteps : allSteps.filter((s) => !isLocal(s) || /^returns/.test(s[4]));
  const lines = lifelines(steps);
  const at = new Map(lines.map((l) => [l.g, l]));
  const last = lines[lines.length - 1];
  const width = Math.max(320, last ? last.x + last.width : 0);
  const height = HEAD + steps.length * ROW + 16;
  const y = (i) => HEAD + i * ROW + ROW / 2;
  const svg = el("svg", {class: "chart", width, height, viewBox: `0 0 ${width} ${height}`, role: "img",
    "aria-label": `schedule of ${steps.length} steps`});
  const rows = el("g");
  const lives = el("g");
  for (const line of lines) {
    const box = line.label.length * CHAR + 18;
    lives.append(el("rect", {class: "headbox", x: line.x - 10, y: 6, width: box, height: 24, rx: 6}),
      el("text", {class: "head", x: line.x - 1, y: 22}, line.label));
    if (line.g <= 0) lives.append(el("line", {class: "life", x1: line.x, x2: line.x, y1: 30, y2: y(0)}));
    for (const s of segments(line, steps)) {
      lives.append(el("line", {class: s.parked ? "life parked" : "life", x1: line.x, x2: line.x, y1: y(s.from),
        y2: s.to === steps.length ? height - 8 : y(s.to)}));
    }
  }
  steps.forEach((step, i) => {
    const [g, , lineNumber, partner, what] = step;
    const own = at.get(g);
    const group = el("g", {class: "row", "data-line": lineNumber, onmouseenter: () => onStep(lineNumber),
      onmouseleave: () => onStep(0)});
    group.append(el("rect", {class: "hit", x: 0, y: y(i) - ROW / 2, width, height: ROW}),
      el("text", {class: "num", x: 4, y: y(i) + 4}, String(i + 1)));
    rows.append(group);
    const text = el("g", {class: "row"});
    if (partner >= 0 && partner !== g && at.has(partner)) {
      const takes = /^(gets|reads)\b/.test(what);
      const ends = takes ? [at.get(partner).x, own.x] : [own.x, at.get(partner).x];
      text.append(...arrow(ends[0], ends[1], y(i)));
    }
    text.append(el("circle", {class: /^dies|^panic|^fatal/.test(what) ? "dot dies" : "dot", cx: own.x, cy: y(i), r: 4.5}),
      el("rect", {class: "plate", x: own.x + 10, y: y(i) - 9, width: what.length * CHAR + 6, height: 18, rx: 3}),
      el("text", {x: own.x + 13, y: y(i) + 4}, what));
    text.addEventListener("mouseenter", () => onStep(lineNumber));
    text.addEventListener("mouseleave", () => onStep(0));
    rows.append(text);
  });
  svg.append(rows.cloneNode(false), lives, rows);
  return svg;
}
