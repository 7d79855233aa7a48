// The state of the server: problems, upstreams, and facts about itself.

import { byId, el, keyed } from "./dom.js";
import { count, duration, many, size, span } from "./format.js";
import { foreign } from "./text.js";

/** Show an answer of /api/status. */
export function showStatus(status) {
  const away = status.lists.filter(({ state }) => state === "failed")
    .map(({ name, error }) => `List ${name} is not in use: ${error}`);
  const coming = stillComing(status.lists);
  const held = status.lists.filter(({ quarantine }) => quarantine)
    .map(({ name, quarantine }) => `A new version of list ${name} is held back: ${quarantine.reason}`);
  keyed(byId("notices"), [...status.problems, ...away, ...held, ...coming], (text) => text,
    (text) => el("p", { class: coming.includes(text) ? "notice coming" : "notice" },
      foreign(text, "isolated")));
  keyed(byId("upstreams"), status.upstreams, JSON.stringify, upstream);
  byId("facts").replaceChildren(...facts(status).flatMap(([name, ...value]) =>
    [el("dt", {}, name), el("dd", {}, ...value)]));
}

/** A sentence about the lists that have neither come nor failed yet, if there are any. */
export function stillComing(lists) {
  const names = lists.filter(({ state }) => state === "missing").map(({ name }) => name);
  const are = names.length === 1 ? "1 list is" : `${count(names.length)} lists are`;
  return names.length ? [`${are} still being fetched: ${names.join(", ")}`] : [];
}

function upstream({ name, up, rtt_ms, queries, failures }) {
  const parts = [up ? `answers in ${duration(rtt_ms)}` : "does not answer"];
  parts.push(`${many(queries, "query", "queries")}, ${count(failures)} failed`);
  return state(up ? "fine" : "trouble", name, parts.join(" · "));
}

function state(tone, name, words, error = null) {
  return el("li", { class: tone }, el("span", { class: "mark", "aria-hidden": "true" }),
    el("span", {}, foreign(name, "isolated strong"), el("span", { class: "quiet" }, words),
      error && el("span", { class: "error" }, foreign(error, "isolated"))));
}

function facts({ version, uptime_s, listen, web, names, cache, log }) {
  return [
    ["Version", version],
    ["Running for", span(uptime_s)],
    ["DNS at", ...listen.flatMap((address, index) => [index ? ", " : "", foreign(address)])],
    ["Page at", foreign(web)],
    ["Names on lists", count(names)],
    ["Cache", many(cache.entries, "answer"), `, ${size(cache.size_bytes)} of `,
      size(cache.limit_bytes)],
    ["Query log", ...logWords(log)],
  ];
}

function logWords({ enabled, rows, size_bytes, dropped, error }) {
  if (!enabled) return ["switched off"];
  const parts = [`${many(rows, "query", "queries")}, ${size(size_bytes)}`];
  if (dropped) parts.push(`; ${count(dropped)} lost`);
  if (error) parts.push("; ", el("span", { class: "error" }, foreign(error, "isolated")));
  return parts;
}
