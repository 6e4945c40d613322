// What the parts of the page share: making elements, and words for what the server says. Text from the server is only ever set as text.

export const statuses = ["unknown", "uploading", "stored", "staged", "replicated", "processed", "lost", "deleted"];
const statusOfKind = { flushed: "staged", found: "stored", evicted: "deleted", replicaCorrupt: "lost", replicaAdded: "replicated" };

export const $ = id => document.getElementById(id);

/** Makes an element; strings among the children become text. */
export function el(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined && value !== false) element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.filter(child => child !== null && child !== undefined));
  return element;
}

export const number = value => value.toLocaleString("en");
export const words = value => value.replace(/[A-Z]/g, letter => ` ${letter.toLowerCase()}`);
export const count = (value, noun) => `${number(value)} ${noun}${value === 1 ? "" : "s"}`;
export const clock = at => new Date(at).toLocaleTimeString([], { hour12: false });
export const moment = at => el("time", { datetime: at, title: at }, new Date(at).toLocaleString([], { dateStyle: "medium", timeStyle: "medium", hour12: false }));
export const fileLink = (name, text) => el("a", { href: `#file=${encodeURIComponent(name)}` }, text);

export function bytes(value) {
  if (value === null || value === undefined) return "unknown";
  const units = ["B", "kB", "MB", "GB", "TB", "PB"];
  const step = value < 1000 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(value) / 3));
  const scaled = value / 1000 ** step;
  return `${step === 0 || scaled >= 100 ? Math.round(scaled) : scaled.toFixed(1)} ${units[step]}`;
}

export const sentence = text => text.charAt(0).toUpperCase() + text.slice(1);

/** Says what is wrong, and then what to do. */
export const complaint = problem => el("p", { class: "problem" }, `${sentence(problem.message)}. `, el("span", { class: "faint" }, ...withCommands(sentence(problem.remedy || "the page asks again by itself"))));

/** What stands between backticks is something to type. */
export const withCommands = text => text.split("`").map((part, place) => place % 2 ? el("code", {}, part) : part);

export const toneOf = transition => statuses.includes(transition.kind) ? transition.kind : statusOfKind[transition.kind] ?? (transition.stepState === "failed" ? "lost" : transition.status);

export function why(transition) {
  if (transition.rule) return `${transition.rule}: ${transition.step ?? ""} ${transition.stepState ?? ""}`.trim();
  return `${transition.cause.type}, ${transition.cause.source}`;
}
