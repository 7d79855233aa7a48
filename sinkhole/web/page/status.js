// The state of the server: problems, lists, upstreams, and facts about itself.

import { byId, el, keyed } from "./dom.js";
import { ago, count, duration, many, size, span } from "./format.js";
import { change } from "./server.js";
import { foreign } from "./text.js";

const LIST_STATES = { ready: "fine", failed: "trouble", missing: "trouble", disabled: "off" };

/** Show an answer of /api/status. */
export function showStatus(status) {
  const away = status.lists.filter((list) => list.state === "failed")
    .map(({ name, error }) => `List ${name} is not in use: ${error}`);
  keyed(byId("notices"), [...status.problems, ...away], (text) => text,
    (text) => el("p", { class: "notice" }, foreign(text, "isolated")));
  showLists(status.lists);
  keyed(byId("upstreams"), status.upstreams, JSON.stringify, upstream);
  byId("facts").replaceChildren(...facts(status).flatMap(([name, ...value]) =>
    [el("dt", {}, name), el("dd", {}, ...value)]));
}

function showLists(lists) {
  keyed(byId("lists"), lists, (list) => `${JSON.stringify(list)}${list.checked && ago(list.checked)}`,
    (list) => state(LIST_STATES[list.state] ?? "trouble", list.name, listWords(list), list.error));
}

function listWords(list) {
  if (list.state === "disabled") return "switched off";
  const parts = [many(list.names, "name")];
  if (list.kind === "allow") parts.push("allows");
  if (list.refused) parts.push(`${many(list.refused, "line")} not understood`);
  if (list.checked != null) parts.push(`checked ${ago(list.checked)}`);
  return parts.join(" · ");
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

/** Make the button update the lists, then call `done`. */
export function watchUpdateButton(done) {
  const button = byId("update");
  const result = byId("update-result");
  button.addEventListener("click", async () => {
    button.disabled = true;
    result.textContent = "Updating…";
    try {
      const { updated, lists } = await change("/api/lists/update");
      showLists(lists);
      const failed = lists.filter((list) => list.enabled && list.error).length;
      result.textContent = (updated ? `${many(updated, "list")} changed.` : "Nothing has changed.")
        + (failed ? ` ${many(failed, "list")} could not be updated.` : "");
    } catch (error) {
      result.textContent = `The update failed: ${error.message}.`;
    } finally {
      button.disabled = false;
      done();
    }
  });
}
