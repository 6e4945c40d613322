// The page asks the same HTTP interface as everybody else. What comes from the server is only ever set as text.

const rowsMax = 200;
const silenceMax = 40_000; // the server speaks at least every 15 s
const statuses = ["unknown", "uploading", "stored", "staged", "replicated", "processed", "lost", "deleted"];
const kinds = ["uploading", "stored", "flushed", "staged", "evicted", "replicated", "processed", "lost", "found", "deleted", "located", "renamed", "rewritten", "replicaAdded", "replicaRemoved", "replicaCorrupt", "step", "sizeKnown", "checksumAdded"];
const statusOfKind = { flushed: "staged", found: "stored", evicted: "deleted", replicaCorrupt: "lost", replicaAdded: "replicated" };

const $ = id => document.getElementById(id);

/** Makes an element; strings among the children become text. */
function el(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined && value !== false) element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.filter(child => child !== null && child !== undefined));
  return element;
}

const number = value => value.toLocaleString("en");
const words = value => value.replace(/[A-Z]/g, letter => ` ${letter.toLowerCase()}`);
const count = (value, noun) => `${number(value)} ${noun}${value === 1 ? "" : "s"}`;
const clock = at => new Date(at).toLocaleTimeString([], { hour12: false });
const moment = at => el("time", { datetime: at, title: at }, new Date(at).toLocaleString([], { dateStyle: "medium", timeStyle: "medium", hour12: false }));
const fileLink = (name, text) => el("a", { href: `#file=${encodeURIComponent(name)}` }, text);

function bytes(value) {
  if (value === null || value === undefined) return "unknown";
  const units = ["B", "kB", "MB", "GB", "TB", "PB"];
  const step = value < 1000 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(value) / 3));
  const scaled = value / 1000 ** step;
  return `${step === 0 || scaled >= 100 ? Math.round(scaled) : scaled.toFixed(1)} ${units[step]}`;
}

// --- the server ---------------------------------------------------------------------------------------------

class Problem extends Error {
  constructor(status, body) {
    super(body?.detail ?? `the server answered ${status}`);
    this.status = status;
    this.remedy = body?.remedy ?? "";
    this.candidates = body?.candidates ?? [];
  }
}

async function ask(path, headers = {}, signal = undefined) {
  const token = sessionStorage.getItem("token");
  const response = await fetch(path, { headers: token ? { ...headers, Authorization: `Bearer ${token}` } : headers, signal, cache: "no-store" });
  if (response.ok) return response;
  if (response.status === 401) $("token").hidden = false;
  throw new Problem(response.status, await response.json().catch(() => null));
}

const get = async path => (await ask(path)).json();

$("token").addEventListener("submit", event => {
  event.preventDefault();
  sessionStorage.setItem("token", $("secret").value.trim());
  $("token").hidden = true;
  refresh();
  follow();
  showFile();
});

function say(state, text) {
  if ($("live").textContent === text) return;
  $("live").dataset.state = state;
  $("live").textContent = text;
}

// --- datasets, sources, what is wrong -------------------------------------------------------------------------

let moreDatasets = [];
let refreshTimer = 0;
let statusAt = 0;

async function refresh() {
  clearTimeout(refreshTimer);
  try {
    showStatus(await get("v1/status"));
    statusAt = Date.now();
  } catch (problem) {
    if (statusAt) {
      $("totals").textContent = `as of ${clock(statusAt)}; the server does not answer`;
    } else {
      $("datasets").replaceChildren(complaint(problem));
      $("sources").replaceChildren(el("p", { class: "empty" }, "Unknown until the server answers."));
    }
  }
  refreshTimer = setTimeout(refresh, document.hidden ? 30_000 : 5_000);
}

/** Counts follow transitions within a second, and are not asked for more often. */
function refreshSoon() {
  clearTimeout(refreshTimer);
  refreshTimer = setTimeout(refresh, 1_000);
}

function showStatus(status) {
  $("version").textContent = status.version.split("+")[0];
  $("totals").textContent = `${count(status.files, "file")} known`;
  $("store").textContent = `${status.store.kind}, ${bytes(status.store.bytes)}, commit ${number(status.store.commitIndex)}, ${count(status.shards, "shard")}`;
  showTroubles(status.unhealthy);
  const seen = new Set(status.datasets.map(dataset => dataset.name));
  showDatasets([...status.datasets, ...moreDatasets.filter(dataset => !seen.has(dataset.name))], moreDatasets.length ? null : status.datasetsNext);
  showSources(status.sources);
}

function showTroubles(troubles) {
  $("troubles").hidden = troubles.length === 0;
  $("troubles").replaceChildren(...troubles.map(trouble =>
    el("p", {}, el("strong", {}, sentence(trouble.what)), `: ${trouble.why}. `, el("span", { class: "faint" }, ...withCommands(sentence(trouble.do))))));
}

const sentence = text => text[0].toUpperCase() + text.slice(1);

/** Says what is wrong, and then what to do. */
const complaint = problem => el("p", { class: "problem" }, `${sentence(problem.message)}. `, el("span", { class: "faint" }, ...withCommands(sentence(problem.remedy || "the page asks again by itself"))));

/** What stands between backticks is something to type. */
const withCommands = text => text.split("`").map((part, place) => place % 2 ? el("code", {}, part) : part);

function bar(counts, extra = "") {
  const shown = statuses.filter(status => counts[status] > 0);
  const element = el("div", { class: `bar ${extra}`, role: "img", "aria-label": shown.map(status => `${counts[status]} ${status}`).join(", ") || "no files" });
  for (const status of shown) {
    const part = el("i", { "data-status": status });
    part.style.flexGrow = counts[status];
    element.append(part);
  }
  return element;
}

function showDatasets(datasets, next) {
  if (datasets.length === 0) {
    $("datasets").replaceChildren(el("p", { class: "empty" },
      "No dataset yet. Declare one in the rules, such as ", el("code", {}, "kind: Dataset"), " with ", el("code", {}, "path: /runs/{run}/**"), "; it appears with its first file."));
    return;
  }
  const used = statuses.filter(status => datasets.some(dataset => dataset.counts[status] > 0));
  const open = document.activeElement?.dataset?.dataset;
  const table = el("table", { class: "datasets" },
    el("thead", {}, el("tr", {},
      el("th", { scope: "col" }, "Dataset"),
      el("th", { scope: "col", class: "barcell" }, el("span", { class: "hidden" }, "Share of each status")),
      ...used.map(status => el("th", { scope: "col", class: "number perstatus" }, el("span", { class: "dot", "data-status": status }, status))),
      el("th", { scope: "col", class: "number" }, "Files"),
      el("th", { scope: "col", class: "number" }, "Size"))),
    el("tbody", {}, ...datasets.map(dataset => datasetRow(dataset, used))));
  $("datasets").replaceChildren(el("div", { class: "scroll" }, table), ...(next ? [moreButton(next)] : []));
  if (open) $("datasets").querySelector(`[data-dataset="${CSS.escape(open)}"]`)?.focus();
  $("dataset-names").replaceChildren(...datasets.map(dataset => el("option", { value: dataset.name })));
}

function datasetRow(dataset, used) {
  const follow = el("a", { href: `#dataset=${encodeURIComponent(dataset.name)}`, "data-dataset": dataset.name, title: "Show its transitions" }, dataset.name);
  const legend = el("span", { class: "legend" }, ...used.filter(status => dataset.counts[status] > 0).map(status =>
    el("span", { class: "dot", "data-status": status }, `${number(dataset.counts[status])} ${status}`)));
  return el("tr", {},
    el("th", { scope: "row" }, follow, bar(dataset.counts, "slim"), legend),
    el("td", { class: "barcell" }, bar(dataset.counts)),
    ...used.map(status => el("td", { class: `number perstatus ${dataset.counts[status] ? "" : "zero"}` }, number(dataset.counts[status]))),
    el("td", { class: "number" }, number(dataset.files)),
    el("td", { class: "number faint" }, bytes(dataset.bytes)));
}

function moreButton(next) {
  const button = el("button", { type: "button", class: "plain" }, "Show all");
  button.addEventListener("click", async () => {
    const all = [];
    for (let after = next; after; ) {
      const page = await get(`v1/datasets?limit=1000&after=${encodeURIComponent(after)}`);
      all.push(...page.items);
      after = page.next;
    }
    moreDatasets = all;
    refresh();
  });
  return button;
}

const behind = source => source.partitions.reduce((sum, partition) => sum + partition.lagBytes, 0);

function showSources(sources) {
  const total = sources.reduce((sum, source) => sum + behind(source), 0);
  $("lag").textContent = sources.some(source => source.partitions.length) ? (total ? `${bytes(total)} behind` : "nothing waits") : "";
  if (sources.length === 0) {
    $("sources").replaceChildren(el("p", { class: "empty" }, "No source is declared. Declare one in the rules as ", el("code", {}, "kind: Source"), "."));
    return;
  }
  const opened = new Set([...$("sources").querySelectorAll("details[open]")].map(details => details.dataset.name));
  $("sources").replaceChildren(...sources.map(source => sourceEntry(source, opened.has(source.name))));
}

function sourceEntry(source, open) {
  const lag = behind(source);
  const pushed = source.partitions.length === 0;
  const rate = source.partitions.reduce((sum, partition) => sum + partition.eventsPerSecond, 0);
  const told = source.state !== "running" ? source.state : pushed ? (source.type === "http" ? "pushed" : "running") : lag ? `${bytes(lag)} behind` : "up to date";
  const size = source.partitions.reduce((sum, partition) => sum + partition.size, 0);
  return el("div", { class: "source", "data-state": source.state },
    el("div", { class: "line" }, el("span", { class: "name" }, source.name), el("span", { class: "word behind" }, told)),
    el("div", { class: "line faint" },
      el("span", {}, source.type === source.format ? `${source.type}, storage ${source.storage}` : `${source.type}, ${source.format}, storage ${source.storage}`),
      el("span", { class: "behind" }, rate >= 0.05 ? `${number(Math.round(rate * 10) / 10)} events/s` : "")),
    source.reason ? el("p", { class: "problem" }, source.reason) : null,
    size > 0 ? el("progress", { max: size, value: size - lag, "aria-label": `${source.name} read` }) : null,
    source.partitions.length > 1 ? partitions(source, open) : null);
}

function partitions(source, open) {
  return el("details", { "data-name": source.name, open },
    el("summary", {}, count(source.partitions.length, "partition")),
    el("div", { class: "scroll" }, el("table", {},
      el("thead", {}, el("tr", {}, el("th", { scope: "col" }, "Partition"), el("th", { scope: "col", class: "number" }, "Behind"), el("th", { scope: "col", class: "number" }, "events/s"))),
      el("tbody", {}, ...source.partitions.map(partition => el("tr", {},
        el("th", { scope: "row" }, partition.generation > 1 ? `${partition.partition}, generation ${partition.generation}` : partition.partition),
        el("td", { class: "number" }, partition.lagBytes ? bytes(partition.lagBytes) : "0"),
        el("td", { class: "number" }, number(partition.eventsPerSecond))))))));
}

// --- live transitions -----------------------------------------------------------------------------------------

let lastId = null;
let streaming = null;
let waiting = [];
let skipped = 0;
let painting = 0;
let recent = [];
let paused = false;

/** Follows the stream for ever: a broken connection goes on after the last id, so nothing is missed or shown twice. */
async function follow() {
  streaming?.abort();
  const mine = streaming = new AbortController();
  for (let pause = 1_000; !mine.signal.aborted; pause = Math.min(pause * 2, 15_000)) {
    try {
      await stream(mine, () => { pause = 500; });
      say("broken", "reconnecting");
    } catch (problem) {
      if (mine.signal.aborted) return;
      if (problem instanceof Problem && (problem.status === 400 || problem.status === 401)) {
        say("broken", problem.status === 401 ? "needs a token" : "cannot follow");
        showProblem(problem.status === 400 ? `${problem.message}. ${problem.remedy}` : "");
        return;
      }
      say("broken", problem instanceof Problem ? `${problem.message}; trying again` : "reconnecting");
    }
    await new Promise(done => setTimeout(done, pause * (0.75 + Math.random() / 2)));
  }
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
    if (value.id === shownId) fileChanged();
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

const toneOf = transition => statuses.includes(transition.kind) ? transition.kind : statusOfKind[transition.kind] ?? (transition.stepState === "failed" ? "lost" : transition.status);

function why(transition) {
  if (transition.rule) return `${transition.rule}: ${transition.step ?? ""} ${transition.stepState ?? ""}`.trim();
  return `${transition.cause.type}, ${transition.cause.source}`;
}

function showProblem(text) {
  $("stream-problem").hidden = text === "";
  $("stream-problem").textContent = text;
}

function restart() {
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
  clearTimeout(typing);
  typing = setTimeout(restart, 400);
});
$("filters").addEventListener("submit", event => event.preventDefault());
$("filters").addEventListener("reset", () => setTimeout(restart));
$("filters").elements.kind.append(...kinds.map(kind => el("option", { value: kind }, words(kind))));

// --- one file -------------------------------------------------------------------------------------------------

let shownId = null;
let fileTimer = 0;

const asked = () => new URLSearchParams(location.hash.slice(1));

async function showFile() {
  const name = asked().get("file");
  clearTimeout(fileTimer);
  if (!name) {
    shownId = null;
    $("file").hidden = true;
    return;
  }
  const before = $("file").dataset.name;
  $("file").hidden = false;
  $("name").value = name;
  if (before !== name) {
    $("file").dataset.name = name;
    $("file-body").replaceChildren(el("p", { class: "empty" }, "Looking it up."));
    $("file").focus({ preventScroll: true });
    $("file").scrollIntoView({ block: "nearest" });
  }
  try {
    if (name.startsWith("/")) return await showMatches(name);
    const file = await get(`v1/files/${encodeURIComponent(name)}`);
    const history = await get(`v1/files/${encodeURIComponent(file.id)}/history?limit=1000`);
    if (asked().get("file") !== name) return;
    shownId = file.id;
    $("file-body").replaceChildren(...fileParts(file, history));
  } catch (problem) {
    if (asked().get("file") !== name) return;
    shownId = null;
    $("file-body").replaceChildren(
      complaint(problem),
      ...(problem.candidates ?? []).map(id => el("p", {}, fileLink(id, id))));
  }
  fileTimer = setTimeout(showFile, 10_000);
}

function fileChanged() {
  clearTimeout(fileTimer);
  fileTimer = setTimeout(showFile, 300);
}

/** A path alone may be one of several storages. */
async function showMatches(path) {
  const found = await get(`v1/files?limit=50&path=${encodeURIComponent(path)}`);
  if (found.items.length === 1 && !found.next) {
    location.replace(`#file=${encodeURIComponent(found.items[0].id)}`);
    return;
  }
  $("file-body").replaceChildren(found.items.length === 0
    ? el("p", { class: "empty" }, "No file is known at this path. A pattern such as ", el("code", {}, "/runs/**"), " finds more.")
    : el("table", {}, el("tbody", {}, ...found.items.map(file => el("tr", {},
      el("th", { scope: "row" }, fileLink(file.id, `${file.storage}:${file.path}`)),
      el("td", {}, el("span", { class: "dot", "data-status": file.status }, file.status)),
      el("td", { class: "number faint" }, bytes(file.size)))))),
    ...(found.next ? [el("p", { class: "empty" }, "There are more; a narrower pattern shows fewer.")] : []));
}

function fileParts(file, history) {
  const fact = (name, value, span) => el("div", { class: span ? "span" : "" }, el("dt", {}, name), el("dd", {}, value));
  const conflicts = Object.entries(file.checksumConflicts ?? {});
  const checksums = Object.entries(file.checksums).map(([name, value]) => `${name} ${value}`).join(", ");
  return [
    el("p", { class: "title" }, file.path ?? "Not located yet"),
    el("p", { class: "mono faint" }, file.id),
    el("dl", { class: "facts" },
      fact("Status", el("span", { class: "dot", "data-status": file.status }, file.status)),
      fact("Existence", file.existence),
      fact("Locality", file.locality),
      fact("Size", el("span", { title: file.size === null ? null : `${number(file.size)} bytes` }, bytes(file.size))),
      fact("Version", number(file.version)),
      fact("Changed", moment(file.updatedAt)),
      checksums ? fact("Checksums", el("span", { class: "mono" }, checksums), true) : null,
      file.incarnation ? fact("Incarnation", el("span", { class: "mono" }, file.incarnation), true) : null,
      file.datasets.length ? fact("Datasets", file.datasets.join(", "), true) : null),
    ...conflicts.map(([name, values]) => el("p", { class: "problem" }, `Several ${name} checksums were heard of the same content: ${values.join(", ")}`)),
    el("h3", {}, "Replicas"),
    file.replicas.length || file.tapeCopies ? replicas(file) : el("p", { class: "empty" }, "No copy is known yet."),
    el("h3", {}, "Steps"),
    file.steps.length ? steps(file) : el("p", { class: "empty" }, "No rule has fired for it."),
    el("h3", {}, "Timeline"),
    history.items.length ? el("ol", { class: "timeline" }, ...history.items.map(moments)) : el("p", { class: "empty" }, "No transition is kept."),
    history.next ? el("p", { class: "empty" }, `Only the first ${number(history.items.length)} are shown; `, el("code", {}, "eventgrains file history"), " lists all.") : null,
  ].filter(part => part !== null);
}

function replicas(file) {
  const rows = file.replicas.map(replica => el("tr", {},
    el("th", { scope: "row" }, replica.storage, replica.pool ? el("span", { class: "faint" }, ` pool ${replica.pool}`) : null),
    el("td", { class: replica.state === "corrupt" ? "bad" : "" }, replica.state),
    el("td", { class: replica.path ? "mono long" : "" }, replica.url ?? replica.path ?? ""),
    el("td", { class: "mono" }, replica.checksum ?? ""),
    el("td", { class: "number faint" }, moment(replica.at))));
  const tape = (file.tapeCopies ?? []).map(uri => el("tr", {}, el("th", { scope: "row" }, "tape"), el("td", {}, "present"), el("td", { class: "mono", colspan: 3 }, uri)));
  return el("div", { class: "scroll detail" }, el("table", {},
    el("thead", {}, el("tr", {}, ...["Storage", "State", "Place", "Checksum"].map(name => el("th", { scope: "col" }, name)), el("th", { scope: "col", class: "number" }, "Said at"))),
    el("tbody", {}, ...rows, ...tape)));
}

function steps(file) {
  return el("div", { class: "scroll detail" }, el("table", {},
    el("thead", {}, el("tr", {}, ...["Rule", "Action", "State", "Attempts", "Error"].map(name => el("th", { scope: "col" }, name)), el("th", { scope: "col", class: "number" }, "At"))),
    el("tbody", {}, ...file.steps.map(step => el("tr", {},
      el("th", { scope: "row" }, step.rule),
      el("td", {}, step.action),
      el("td", { class: step.state === "failed" ? "bad" : "" }, step.state),
      el("td", {}, number(step.attempts)),
      el("td", { class: step.error ? "bad long" : "" }, step.error ?? ""),
      el("td", { class: "number faint" }, moment(step.at)))))));
}

function moments(transition) {
  const others = transition.changes.filter(kind => kind !== transition.kind).map(words).join(", ");
  return el("li", { "data-status": toneOf(transition) },
    moment(transition.at),
    el("span", { class: "kind" }, words(transition.kind)),
    el("span", { class: "why" }, why(transition), others ? `; also ${others}` : ""));
}

$("search").addEventListener("submit", event => {
  event.preventDefault();
  const name = $("name").value.trim();
  if (name) location.hash = `file=${encodeURIComponent(name)}`;
});

$("file-close").addEventListener("click", event => {
  event.preventDefault();
  history.pushState(null, "", location.pathname + location.search);
  showFile();
  $("name").focus();
});

addEventListener("hashchange", () => {
  const dataset = asked().get("dataset");
  if (dataset) {
    $("filters").elements.dataset.value = dataset;
    $("transitions-title").scrollIntoView({ block: "nearest" });
    restart();
  }
  showFile();
});

addEventListener("keydown", event => {
  const writing = event.target instanceof HTMLInputElement || event.target instanceof HTMLSelectElement;
  if (event.key === "/" && !writing && !event.ctrlKey && !event.metaKey) {
    event.preventDefault();
    $("name").focus();
    $("name").select();
  } else if (event.key === "Escape" && !$("file").hidden && !writing) {
    $("file-close").click();
  }
});

// --- colours --------------------------------------------------------------------------------------------------

const themes = ["auto", "light", "dark"];

function wear(theme) {
  document.documentElement.dataset.theme = theme;
  $("theme").textContent = theme[0].toUpperCase() + theme.slice(1);
  $("theme").setAttribute("aria-label", theme === "auto" ? "Colours: as the system has them" : `Colours: ${theme}`);
}

$("theme").addEventListener("click", () => {
  const next = themes[(themes.indexOf(document.documentElement.dataset.theme) + 1) % themes.length];
  localStorage.setItem("theme", next);
  wear(next);
});

wear(themes.includes(localStorage.getItem("theme")) ? localStorage.getItem("theme") : "auto");
document.addEventListener("visibilitychange", () => document.hidden || refresh());
refresh();
follow();
showFile();
