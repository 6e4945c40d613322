// One file: its replicas, steps and timeline.

import { $, bytes, complaint, el, fileLink, moment, number, toneOf, why, words } from "./dom.js";
import { get } from "./server.js";

let shownId = null;
let fileTimer = 0;

export const asked = () => new URLSearchParams(location.hash.slice(1));

export async function showFile() {
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

/** Looks again when the file shown is the one that changed. */
export function fileChanged(id) {
  if (id !== shownId) return;
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
