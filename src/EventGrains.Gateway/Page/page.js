// What a person does with the page as a whole, and its beginning.

import { $ } from "./dom.js";
import { asked, showFile } from "./file.js";
import { refresh } from "./status.js";
import { follow, restart } from "./transitions.js";

$("token").addEventListener("submit", event => {
  event.preventDefault();
  sessionStorage.setItem("token", $("secret").value.trim());
  $("token").hidden = true;
  refresh();
  follow();
  showFile();
});

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
