// Follows what an engine prints, as long as the page is open and the engine runs.
"use strict";

const MOST_CHARACTERS = 400_000;

async function follow(log) {
  const state = document.getElementById("log-state");
  const stop = new AbortController();
  addEventListener("pagehide", () => stop.abort(), { once: true });
  try {
    const answer = await fetch(log.dataset.follow, { signal: stop.signal });
    if (!answer.ok) throw new Error(String(answer.status));
    state.textContent = "Live: new lines appear as they are printed";
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    for (;;) {
      const { value, done } = await reader.read();
      if (done) break;
      text = (text + value).slice(-MOST_CHARACTERS);
      const isAtEnd = log.scrollTop + log.clientHeight >= log.scrollHeight - 20;
      log.textContent = text;
      if (isAtEnd) log.scrollTop = log.scrollHeight;
    }
    state.textContent = "Nothing more comes: the engine has ended or is paused";
  } catch (error) {
    if (error.name !== "AbortError") state.textContent = "The connection broke off; load the page again to go on";
  }
}

const log = document.getElementById("log");
if (log?.dataset.follow) {
  log.scrollTop = log.scrollHeight;
  follow(log);
}
