"use strict";
// What the page knows, and small helpers to build nodes. The other scripts use: D, el, pill, statuses, word.
const D = JSON.parse(document.getElementById("data").textContent);
const statuses = ["crash", "fail", "error", "unknown", "want_missing", "known", "pass", "skip", "uncovered"];
const word = (status) => ({want_missing: "not seen", uncovered: "no program"})[status] || status;

// el("p", {class: "x", onclick: f}, child, ...): children are nodes or text, so nothing is ever parsed as HTML.
function el(tag, attributes = {}, ...children) {
  const svg = ["svg", "g", "line", "path", "text", "rect", "circle", "title"].includes(tag);
  const node = svg ? document.createElementNS("http://www.w3.org/2000/svg", tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value !== null && value !== false) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

const pill = (status) => el("span", {class: `pill s-${status}`}, word(status));
const number = (n) => n.toLocaleString("en-US");

document.getElementById("theme").addEventListener("click", () => {
  const root = document.documentElement;
  const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
});
if (D.problem) {
  const box = document.getElementById("problem");
  box.textContent = D.problem;
  box.hidden = false;
}
