// The large percentage, its sentence, and the tiles below.

import { byId, el, keyed } from "./dom.js";
import { count, duration, many, percent, PERIODS } from "./format.js";

const cached = ({ totals, cached_percent }) =>
  totals.queries ? `${percent(cached_percent)} of all` : "";

const TILES = [
  ["Queries", (s) => count(s.totals.queries), (s) => spread(s)],
  ["Blocked", (s) => count(s.totals.blocked), (s) => listsUsed(s), "blocked"],
  ["From the cache", (s) => count(s.totals.cached), cached],
  ["Forwarded", (s) => count(s.totals.forwarded), (s) => trouble(s.totals)],
  ["Answer time", (s) => duration(s.latency_ms.p50), (s) => slowest(s.latency_ms)],
  ["Names on lists", (_, status) => count(status.names), (_, status) => listsIn(status)],
];

function spread({ totals, from, to }) {
  const rate = totals.queries / Math.max((to - from) / 60, 1);
  return totals.queries ? `${rate < 1 ? "under 1" : count(Math.round(rate))} a minute` : "";
}

function listsUsed({ top_lists }) {
  return top_lists.length ? `by ${many(top_lists.length, "list")}` : "";
}

function listsIn({ lists }) {
  return many(lists.filter((list) => list.state === "ready").length, "list") + " in use";
}

function trouble({ failed, refused }) {
  const parts = [failed && `${count(failed)} failed`, refused && `${count(refused)} refused`];
  return parts.filter(Boolean).join(", ") || "none failed";
}

function slowest({ p99 }) {
  return p99 == null ? "" : `99% within ${duration(p99)}`;
}

/** Show a summary of /api/stats and the names loaded from an answer of /api/status. */
export function showHeadline(summary, status) {
  const { totals, blocked_percent, latency_ms } = summary;
  const when = PERIODS[summary.period] ?? summary.period;
  const figure = totals.queries ? percent(blocked_percent) : "–";
  byId("figure").textContent = figure;
  byId("sentence").textContent = totals.queries
    ? `of ${many(totals.queries, "query", "queries")} blocked in ${when}, ` +
      `median answer ${duration(latency_ms.p50)}`
    : `No queries in ${when}`;
  document.title = totals.queries ? `${figure} blocked · sinkhole` : "sinkhole";
  const show = (node, item) => fill(node, item, summary, status);
  keyed(byId("tiles"), TILES, ([label]) => label, (item) => show(makeTile(item), item), show);
}

function makeTile([label, , , tone]) {
  return el(
    "div",
    { class: `card tile ${tone ?? ""}` },
    el("dt", {}, label),
    el("dd", { class: "value" }),
    el("dd", { class: "quiet" }),
  );
}

function fill(node, [, value, note], summary, status) {
  const [, first, second] = node.children;
  first.textContent = value(summary, status);
  second.textContent = note(summary, status);
  return node;
}
