// Asks the same HTTP interface as everybody else.

import { $ } from "./dom.js";

export class Problem extends Error {
  constructor(status, body) {
    super(body?.detail ?? `the server answered ${status}`);
    this.status = status;
    this.remedy = body?.remedy ?? "";
    this.candidates = body?.candidates ?? [];
  }
}

export async function ask(path, headers = {}, signal = undefined) {
  const token = sessionStorage.getItem("token");
  const response = await fetch(path, { headers: token ? { ...headers, Authorization: `Bearer ${token}` } : headers, signal, cache: "no-store" });
  if (response.ok) return response;
  if (response.status === 401) $("token").hidden = false;
  throw new Problem(response.status, await response.json().catch(() => null));
}

export const get = async path => (await ask(path)).json();

export function say(state, text) {
  if ($("live").textContent === text) return;
  $("live").dataset.state = state;
  $("live").textContent = text;
}
