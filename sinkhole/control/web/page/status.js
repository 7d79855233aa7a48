// The state of the server: problems, upstreams, and facts about itself.

import { byId, el, keyed } from "./dom.js";
import { count, date, duration, many, size, span } from "./format.js";
import { foreign } from "./text.js";
import { transport } from "./words.js";

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
  keyed(byId("upstreams"), status.upstreams.map((each, place) => ({ ...each, place })),
    ({ place }) => place, upstream, renew);
  byId("facts").replaceChildren(...facts(status).flatMap(([name, ...value]) =>
    [el("dt", {}, name), el("dd", {}, ...value)]));
}

/** A sentence about the lists that have neither come nor failed yet, if there are any. */
export function stillComing(lists) {
  const names = lists.filter(({ state }) => state === "missing").map(({ name }) => name);
  const are = names.length === 1 ? "1 list is" : `${count(names.length)} lists are`;
  return names.length ? [`${are} still being fetched: ${names.join(", ")}`] : [];
}

function upstream({ name, kind, address, ...state }) {
  const at = address && !name.includes(address) ? [" at ", foreign(address, "isolated")] : [];
  return el("li", { class: state.up ? "fine" : "trouble" },
    el("span", { class: "mark", "aria-hidden": "true" }),
    el("span", {}, foreign(name, "isolated strong"),
      el("span", { class: "quiet" }, kindWords(kind), ...at, ...connection(state)),
      el("span", { class: "quiet" }, speed(state)),
      el("span", { class: state.up ? "quiet" : "error" }, ...failures(state))));
}

/** Bring a row up to date, unless it says the same: what is selected in it stays so. */
function renew(row, state) {
  const now = upstream(state);
  if (now.textContent === row.textContent && now.className === row.className) return;
  row.className = now.className;
  row.replaceChildren(...now.childNodes);
}

const kindWords = (kind) =>
  ({ udp: "Plain DNS", tcp: "Plain DNS over TCP" })[kind] ?? `DNS over ${transport(kind)}`;

const connection = ({ connected_s }) =>
  connected_s == null ? [] : [` · connected for ${span(connected_s)}`];

function speed({ rtt_p50_ms, rtt_p95_ms, queries }) {
  if (!queries) return "Not asked yet";
  const asked = many(queries, "query", "queries");
  if (rtt_p50_ms == null) return `${asked} · no answer yet`;
  return `${asked} · half answered within ${duration(rtt_p50_ms)}, 95% within `
    + duration(rtt_p95_ms);
}

function failures({ up, down_s, failures: failed, last_failure }) {
  const why = last_failure ? [": it ", foreign(last_failure, "isolated")] : [];
  if (!up) return down_s == null ? ["Not asked"] : [`Down for ${span(down_s)}`, ...why];
  return failed ? [`${count(failed)} failed, the last`, ...why] : [];
}

function facts({
  version, uptime_s, listen, encrypted, web, names, cache, prefetch, certificate, log,
}) {
  return [
    ["Version", version],
    ["Running for", span(uptime_s)],
    ["DNS at", ...separated(listen)],
    ...(encrypted.length ? [["Encrypted at", ...separated(encrypted)]] : []),
    ...(certificate ? [["Certificate", ...certificateWords(certificate)]] : []),
    ["Page at", foreign(web)],
    ["Names on lists", count(names)],
    ["Cache", many(cache.entries, "answer"), `, ${size(cache.size_bytes)} of `,
      size(cache.limit_bytes)],
    ...(prefetch.enabled ? [["Fetched ahead", prefetchWords(prefetch)]] : []),
    ["Query log", ...logWords(log)],
  ];
}

const separated = (texts) =>
  texts.flatMap((text, index) => [index ? ", " : "", foreign(text, "isolated")]);

const certificateWords = ({ names, expires, days_left }) =>
  [...separated(names), el("span", { class: days_left < 0 && "error" },
    ` ${days_left < 0 ? "expired on" : "until"} ${date(expires)}`)];

const prefetchWords = ({ asked, saved, pauses }) =>
  `${many(asked, "answer")}, ${many(saved, "query", "queries")} did not wait`
    + (pauses ? "; pauses while upstreams fail" : "");

function logWords({ enabled, rows, size_bytes, dropped, error }) {
  if (!enabled) return ["switched off"];
  const parts = [`${many(rows, "query", "queries")}, ${size(size_bytes)}`];
  if (dropped) parts.push(`; ${count(dropped)} lost`);
  if (error) parts.push("; ", el("span", { class: "error" }, foreign(error, "isolated")));
  return parts;
}
