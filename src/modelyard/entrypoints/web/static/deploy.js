// What the deployment wizard does beside what forms do by themselves: drop files, show how an upload goes, add rows,
// warn of what is not saved.
"use strict";

let sending = 0;

function prepareUpload(form) {
  const drop = form.querySelector(".drop");
  const input = drop.querySelector("input[type=file]");
  const chosen = drop.querySelector("[data-chosen]");
  const tell = () => {
    const file = input.files[0];
    chosen.textContent = file ? `${file.name}, ${sized(file.size)}` : "";
    input.setCustomValidity(file && file.size > Number(form.dataset.largest) ? `This file is larger than ${sized(form.dataset.largest)}.` : "");
  };
  drop.classList.add("ready"); // the whole of it takes a file now
  input.addEventListener("change", tell);
  for (const name of ["dragenter", "dragover"]) drop.addEventListener(name, () => drop.classList.add("over"));
  for (const name of ["dragleave", "drop"]) drop.addEventListener(name, () => drop.classList.remove("over"));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    upload(form);
  });
  tell();
}

function upload(form) {
  const box = form.querySelector("[data-sending]");
  const bar = box.querySelector("progress");
  const pace = box.querySelector("[data-pace]");
  const buttons = form.querySelectorAll("button");
  const began = performance.now();
  const request = new XMLHttpRequest();
  request.open("POST", form.action);
  request.setRequestHeader("X-CSRF-Token", "page");
  request.setRequestHeader("Accept", "text/html");
  request.upload.addEventListener("progress", (event) => {
    const seconds = (performance.now() - began) / 1000;
    const rate = event.loaded / seconds;
    bar.max = event.total;
    bar.value = event.loaded;
    const left = event.loaded < event.total ? ` · about ${Math.ceil((event.total - event.loaded) / rate)} s left` : " · being stored";
    pace.textContent = `${sized(event.loaded)} of ${sized(event.total)} · ${sized(rate)}/s${seconds > 1 ? left : ""}. Keep this page open until it is there.`;
  });
  const end = (text) => {
    sending -= 1;
    pace.textContent = text;
    buttons.forEach((button) => (button.disabled = false));
  };
  request.addEventListener("load", () => {
    end("");
    if (request.status < 400) return leave(request.responseURL);
    show(request.responseText);
  });
  request.addEventListener("error", () => end("The connection ended before the whole file had arrived; send it again."));
  request.addEventListener("abort", () => end("The upload was stopped."));
  box.hidden = false;
  buttons.forEach((button) => (button.disabled = true));
  sending += 1;
  request.send(new FormData(form));
}

function leave(address) {
  if (address.split("#")[0] === location.href.split("#")[0]) location.reload();
  else location.assign(address);
}

// An answer that says what is wrong is a page like this one.
function show(text) {
  const page = new DOMParser().parseFromString(text, "text/html").getElementById("page");
  if (!page) return location.reload();
  const here = document.getElementById("page");
  here.replaceChildren(...page.childNodes);
  window.htmx?.process(here);
  prepare(here);
  (document.getElementById("problems") ?? here).focus();
}

function prepareRows(table) {
  const add = table.closest("form").querySelector(`[data-add="${table.dataset.rows}"]`);
  add.hidden = false;
  add.addEventListener("click", () => {
    const rows = table.tBodies[0].rows;
    const before = rows[rows.length - 1];
    const row = before.cloneNode(true);
    const renamed = (text) => text.replace(/\[\d+\]/, `[${rows.length}]`);
    row.querySelectorAll(".wrong").forEach((element) => element.remove());
    row.querySelectorAll("label").forEach((label) => (label.htmlFor = renamed(label.htmlFor)));
    row.querySelectorAll("input").forEach((input) => {
      input.name = renamed(input.name);
      input.id = renamed(input.id);
      input.removeAttribute("aria-invalid");
      input.removeAttribute("placeholder");
      if (input.type === "checkbox") input.checked = false;
      else input.value = "";
    });
    before.after(row);
    row.querySelector("input").focus();
  });
}

// Forms in which something was typed that is not saved: what was refused, too, is typed again.
const unsaved = new Set();

function prepareTyped(form) {
  form.addEventListener("input", () => unsaved.add(form));
  if (document.getElementById("problems")) unsaved.add(form);
}

function prepare(root) {
  root.querySelectorAll("[data-typed]").forEach(prepareTyped);
  root.querySelectorAll("[data-preview]").forEach((button) => (button.hidden = false));
  root.querySelectorAll("[data-upload]").forEach(prepareUpload);
  root.querySelectorAll("[data-rows]").forEach(prepareRows);
}

prepare(document);
document.addEventListener("htmx:load", (event) => {
  if (event.target !== document.body) prepare(event.target); // what has come later
});
document.getElementById("problems")?.focus();
document.querySelector(".steps [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
document.addEventListener("submit", () => unsaved.clear());
window.addEventListener("beforeunload", (event) => {
  if (sending || [...unsaved].some((form) => form.isConnected)) event.preventDefault();
});
