// Transitions as they are committed.

import { $, clock, el, fileLink, number, sentence, toneOf, why, words } from "./dom.js";
import { fileChanged } from "./file.js";
import { ask, Problem, say } from "./server.js";
import { refreshSoon } from "./status.js";

const rowsMax = 200;
const silenceMax = 40_000; // the server speaks at least every 15 s
const kinds = ["uploading", "stored", "flushed", "staged", "evicted", "replicated", "processed", "lost", "found", "deleted", "located", "renamed", "rewritten", "replicaAdded", "replicaRemoved", "replicaCorrupt", "step", "sizeKnown", "checksumAdded"];

let lastId = null;
let streaming = null;
let waiting = [];
let skipped = 0;
let painting = 0;
let recent = [];
let paused = false;

/** Follows the stream for ever: a broken connection goes on after the last id, so nothing is missed or shown twice. */
export async function follow() {
  leave();
  const mine = streaming = new AbortController();
  for (let pause = 1_000; !mine.signal.aborted; pause = Math.min(pause * 2, 15_000)) {
    try {
      await stream(mine, () => { pause = 500; });
      say("broken", "reconnecting");
    } catch (problem) {
      if (mine.signal.aborted) return;
      if (problem instanceof Problem && (problem.status === 400 || problem.status === 401)) {
        say("broken", problem.status === 401 ? "needs a token" : "cannot follow");
        showProblem(problem.status === 400 ? `${sentence(problem.message)}. ${sentence(problem.remedy)}.` : "");
        return;
      }
      say("broken", problem instanceof Problem ? `${problem.message}; trying again` : "reconnecting");
    }
    await new Promise(done => setTimeout(done, pause * (0.75 + Math.random() / 2)));
  }
}

/** What was followed is not what is asked for now: the page must not call that live. */
function leave() {
  streaming?.abort();
  say("wait", "connecting");
}

async function stream(mine, reached) {
  const query = new URLSearchParams([...new FormData($("filters"))].filter(([, value]) => value.trim() !== ""));
  const quiet = new AbortController();
  const give = () => quiet.abort();
  mine.signal.addEventListener("abort", give, { once: true });
  let watch = setTimeout(give, silenceMax);
  try {
    const response = await ask(`v1/transitions?${query}`, lastId ? { "Last-Event-ID": lastId } : {}, quiet.signal);
    say("live", "live");
    showProblem("");
    reached();
    let open = "";
    const decoder = new TextDecoder();
    const reader = response.body.getReader();
    for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) {
      clearTimeout(watch);
      watch = setTimeout(give, silenceMax);
      open += decoder.decode(chunk.value, { stream: true });
      const blocks = open.split("\n\n");
      open = blocks.pop();
      blocks.forEach(take);
    }
  } finally {
    clearTimeout(watch);
    mine.signal.removeEventListener("abort", give);
  }
}

function take(block) {
  let name = "message";
  let data = "";
  for (const line of block.split("\n")) {
    if (line.startsWith("id: ")) lastId = line.slice(4);
    else if (line.startsWith("event: ")) name = line.slice(7);
    else if (line.startsWith("data: ")) data += line.slice(6);
  }
  if (!data) return;
  const value = JSON.parse(data);
  if (name === "transition") {
    waiting.push(value);
    recent.push(Date.now());
    fileChanged(value.id);
  } else if (name === "gap") {
    waiting.push({ gap: value });
  }
  if (waiting.length > rowsMax) {
    skipped += waiting.length - rowsMax;
    waiting = waiting.slice(-rowsMax);
  }
  if (!painting && !paused) painting = setTimeout(paint, 100);
}

function paint() {
  painting = 0;
  if (waiting.length === 0) return;
  const list = $("transitions");
  const first = list.childElementCount === 0;
  const rows = waiting.map(row).reverse();
  if (skipped) rows.push(el("li", { class: "skipped" }, `${number(skipped)} more, too fast to show; narrow the filters to see all`));
  waiting = [];
  skipped = 0;
  if (!first) rows.forEach(item => item.classList.add("new"));
  list.prepend(...rows);
  while (list.childElementCount > rowsMax) list.lastElementChild.remove();
  $("transitions-empty").hidden = true;
  refreshSoon();
}

function row(transition) {
  if (transition.gap) return el("li", { class: "skipped" }, "Some changes are no longer kept and cannot be shown here.");
  return el("li", {},
    el("time", { class: "at", datetime: transition.at, title: transition.at }, clock(transition.at)),
    el("span", { class: "kind dot", "data-status": toneOf(transition) }, words(transition.kind)),
    el("span", { class: "what" }, fileLink(transition.id, transition.path ? `${transition.storage}:${transition.path}` : transition.id)),
    el("span", { class: "why" }, why(transition)));
}

function showProblem(text) {
  $("stream-problem").hidden = text === "";
  $("stream-problem").textContent = text;
}

export function restart() {
  $("transitions").replaceChildren();
  $("transitions-empty").hidden = false;
  waiting = [];
  skipped = 0;
  follow();
}

setInterval(() => {
  recent = recent.filter(at => at > Date.now() - 10_000);
  $("rate").textContent = paused ? `paused, ${number(waiting.length + skipped)} waiting` : recent.length ? `${number(recent.length / 10)} per second` : "";
}, 1_000);

$("pause").addEventListener("click", () => {
  paused = !paused;
  $("pause").setAttribute("aria-pressed", paused);
  $("pause").textContent = paused ? "Go on" : "Pause";
  if (!paused) paint();
});

let typing = 0;
$("filters").addEventListener("input", () => {
  leave();
  clearTimeout(typing);
  typing = setTimeout(restart, 400);
});
$("filters").addEventListener("submit", event => event.preventDefault());
$("filters").addEventListener("reset", () => setTimeout(restart));
$("filters").elements.kind.append(...kinds.map(kind => el("option", { value: kind }, words(kind))));
