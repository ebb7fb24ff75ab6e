// Trying a version: dropping files anywhere on an input, saying at once what is too large, sending by keys.
"use strict";

for (const form of document.querySelectorAll("[data-try]")) {
  const button = form.querySelector("button.main");
  for (const input of form.querySelectorAll("[data-input]")) follow(input);

  form.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit(button);
  });
  form.addEventListener("submit", (event) => {
    const inputs = [...form.querySelectorAll("[data-input]")];
    inputs.forEach(check);
    const total = inputs.reduce((sum, input) => sum + (fileOf(input)?.size ?? 0), 0);
    const last = inputs.at(-1);
    if (total > Number(form.dataset.most)) tell(last, `A page takes at most ${sized(form.dataset.most)} at once; send larger inputs with modelyard run.`);
    const wrong = inputs.find((input) => input.dataset.wrong);
    if (wrong) {
      event.preventDefault();
      wrong.querySelector(".file").focus();
      return;
    }
    button.disabled = true;
    button.lastChild.textContent = " Sending …";
  });
}

// A browser that comes back to the page shows the form as it was left, with the button off.
window.addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});

function follow(input) {
  const file = input.querySelector(".file");
  file.addEventListener("change", () => check(input));
  input.addEventListener("dragover", (event) => {
    if (!event.dataTransfer.types.includes("Files")) return;
    event.preventDefault();
    input.classList.add("over");
  });
  input.addEventListener("dragleave", () => input.classList.remove("over"));
  input.addEventListener("drop", (event) => {
    input.classList.remove("over");
    if (!event.dataTransfer.files.length) return;
    event.preventDefault();
    const one = new DataTransfer();
    one.items.add(event.dataTransfer.files[0]);
    file.files = one.files;
    check(input);
  });
}

const fileOf = (input) => input.querySelector(".file").files[0];

function check(input) {
  const file = fileOf(input);
  const preview = input.querySelector(".preview");
  preview.hidden = true;
  const isTooLarge = file && file.size > Number(input.dataset.most);
  tell(input, isTooLarge ? `The file has ${sized(file.size)}; this input takes at most ${sized(input.dataset.most)}.` : "");
  if (!file || isTooLarge || !/^image\/(png|jpeg|webp|gif)$/.test(file.type) || file.size > 8e6) return;
  const reader = new FileReader();
  reader.onload = () => {
    preview.src = reader.result;
    preview.hidden = false;
  };
  reader.readAsDataURL(file);
}

function tell(input, problem) {
  const wrong = input.querySelector(".wrong");
  wrong.textContent = problem;
  wrong.hidden = !problem;
  input.dataset.wrong = problem;
  const field = input.querySelector(".file");
  field.setAttribute("aria-invalid", String(Boolean(problem)));
}
