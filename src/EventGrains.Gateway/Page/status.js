// Datasets, sources, and what needs attention.

import { $, bytes, clock, complaint, count, el, number, sentence, statuses, withCommands } from "./dom.js";
import { get } from "./server.js";

let moreDatasets = [];
let refreshTimer = 0;
let statusAt = 0;

export async function refresh() {
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
export function refreshSoon() {
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
