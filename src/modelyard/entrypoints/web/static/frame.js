// What the frame of every page does beside what HTML does by itself: keys, copying, closing what popped up; and how
// scripts of pages write sizes.
"use strict";

// Bytes, as the server writes them.
function sized(bytes) {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let number = Number(bytes);
  let at = 0;
  while (number >= 1000 && at < units.length - 1) {
    number /= 1000;
    at += 1;
  }
  return `${+number.toFixed(at === 0 || number >= 100 ? 0 : 1)} ${units[at]}`;
}

const isTyping = (element) => element.matches("input, textarea, select, [contenteditable]");

let leader = 0;

document.addEventListener("keydown", (event) => {
  if (event.metaKey || event.ctrlKey || event.altKey) return;
  if (event.key === "Escape") document.querySelectorAll(".pop[open]").forEach((pop) => pop.removeAttribute("open"));
  if (isTyping(event.target)) return;
  if (Date.now() - leader < 1500) {
    leader = 0;
    const place = document.querySelector(`.place[data-key="${CSS.escape(event.key)}"]`);
    if (place) return place.click();
  }
  if (event.key === "g") leader = Date.now();
  if (event.key === "/") {
    event.preventDefault();
    document.getElementById("seek").select();
  }
  if (event.key === "?") document.getElementById("keys").showModal();
  if (event.key === "j" || event.key === "k") step(event.key === "j" ? 1 : -1);
});

function step(by) {
  const entries = [...document.querySelectorAll("[data-entry]")];
  if (!entries.length) return;
  const at = entries.indexOf(document.activeElement);
  entries[at < 0 ? (by > 0 ? 0 : entries.length - 1) : Math.min(entries.length - 1, Math.max(0, at + by))].focus();
}

document.addEventListener("click", (event) => {
  for (const pop of document.querySelectorAll(".pop[open]")) if (!pop.contains(event.target)) pop.removeAttribute("open");
  const button = event.target.closest("[data-copy]");
  if (button) copy(button);
});

async function copy(button) {
  const use = button.querySelector("use");
  const before = use.getAttribute("href");
  try {
    await navigator.clipboard.writeText(button.dataset.copy);
    use.setAttribute("href", before.replace(/#.*/, "#check"));
  } catch {
    use.setAttribute("href", before.replace(/#.*/, "#x"));
  }
  setTimeout(() => use.setAttribute("href", before), 1500);
}

// Narrow screens show each row as a paragraph, where a cell needs the name of its column.
function nameCells(root) {
  for (const table of root.querySelectorAll(".scroll > table")) {
    const names = [...table.querySelectorAll("thead th")].map((head) => (head.querySelector(".unseen") ? "" : head.textContent.trim()));
    for (const row of table.tBodies[0]?.rows ?? []) {
      [...row.cells].forEach((cell, at) => {
        if (at && names[at]) cell.dataset.column = names[at];
      });
    }
  }
}

nameCells(document);
document.addEventListener("htmx:load", (event) => nameCells(event.detail.elt));

// What refreshes itself rests while nobody sees it.
document.addEventListener("htmx:beforeRequest", (event) => {
  if (document.hidden && event.detail.elt.matches('[hx-trigger^="every"]')) event.preventDefault();
});
