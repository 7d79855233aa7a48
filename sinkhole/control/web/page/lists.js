// The lists: what each holds and does, what is wrong with it, and what can be done about that.

import { byId, el, keyed } from "./dom.js";
import { ago, count, many, seconds, size } from "./format.js";
import { change } from "./server.js";
import { foreign } from "./text.js";

const TONES = { ready: "fine", disabled: "off", missing: "off" };

let accept = () => {};

/** Show the lists of /api/lists. */
export function showLists(lists) {
  keyed(byId("lists"), lists, ({ name }) => name, (list) => fill(el("li"), list), fill);
}

/** Fill a row anew if it says anything else now; what is open and has the focus stays so. */
function fill(row, list) {
  const state = `${JSON.stringify(list)}${list.checked && ago(list.checked)}`;
  if (row.dataset.state === state) return row;
  row.dataset.state = state;
  const open = row.querySelector("details")?.open ?? false;
  const held = row.contains(document.activeElement) && document.activeElement.tagName;
  row.className = list.quarantine || list.error ? "trouble" : TONES[list.state] ?? "trouble";
  row.replaceChildren(el("span", { class: "mark", "aria-hidden": "true" }), el("span", {},
    foreign(list.name, "isolated strong"),
    el("span", { class: "quiet" }, words(list)),
    list.error && el("span", { class: "error" }, foreign(list.error, "isolated")),
    list.quarantine && heldBack(list),
    list.enabled ? details(list, open) : null));
  if (held) row.querySelector(held)?.focus();
  return row;
}

function words(list) {
  if (list.state === "disabled") return "switched off";
  if (list.state === "missing") return "still being fetched";
  const parts = [many(list.names, "name")];
  if (list.kind === "allow") parts.push("allows");
  else if (list.hits_day != null) parts.push(`blocked ${count(list.hits_day)} in a day`);
  if (list.refused) parts.push(`${many(list.refused, "line")} not understood`);
  if (list.checked != null) parts.push(`checked ${ago(list.checked)}`);
  return parts.join(" · ");
}

function heldBack({ name, quarantine: { names, reason } }) {
  return el("span", { class: "held" },
    el("span", { class: "error" }, `A version of ${many(names, "name")} is held back: `,
      foreign(reason, "isolated")),
    el("button", { type: "button", click: () => accept(name) }, "Use it all the same"));
}

function details(list, open) {
  return el("details", { open }, el("summary", {}, "Details"),
    el("dl", { class: "facts" }, facts(list).flatMap(([term, ...value]) =>
      [el("dt", {}, term), el("dd", {}, ...value)])));
}

function facts(list) {
  const found = [["From", foreign(list.url, "isolated")]];
  if (list.rules) found.push(["Rules", count(list.rules)]);
  if (list.unique != null) found.push(["In no other list", many(list.unique, "name")]);
  if (list.hits_week != null && list.kind === "block") {
    found.push(["Blocked", `${count(list.hits_day)} in a day, ${count(list.hits_week)} in a week`]);
  }
  if (list.changed != null) found.push(["Changed", ago(list.changed)]);
  if (list.compile_s != null) {
    found.push(["Took", `${seconds(list.fetch_s)} to fetch, ${seconds(list.compile_s)} to compile`]);
  }
  if (list.versions) {
    found.push(["On disk", `${size(list.disk_bytes)}, ${many(list.versions, "version")}`]);
  }
  if (list.refused) found.push(["Not understood", ...refused(list)]);
  return found;
}

function refused({ refused_reasons: reasons, refused_samples: samples }) {
  const why = Object.entries(reasons ?? {}).sort(([, one], [, other]) => other - one);
  return [
    ...why.map(([reason, number]) => el("div", {}, `${count(number)}: `, foreign(reason, "isolated"))),
    ...(samples ?? []).map(({ line, text }) =>
      el("div", { class: "quiet" }, `line ${line}: `, foreign(text, "isolated"))),
  ];
}

/** Make the buttons work: all lists are updated, or one is accepted; then `done` is called. */
export function watchLists(done) {
  const button = byId("update");
  const result = byId("update-result");
  async function attempt(doing, work) {
    button.disabled = true;
    result.textContent = `${doing}…`;
    try {
      result.textContent = await work();
    } catch (error) {
      result.textContent = `${doing} failed: ${error.message}.`;
    } finally {
      button.disabled = false;
      done();
    }
  }
  button.addEventListener("click", () => attempt("Updating", update));
  accept = (name) => attempt("Accepting", async () => {
    const { lists } = await change("api/lists/accept", { name });
    showLists(lists);
    return "Its new version is in use.";
  });
}

async function update() {
  const { updated, lists } = await change("api/lists/update");
  showLists(lists);
  const failed = lists.filter((list) => list.enabled && list.error).length;
  const held = lists.filter((list) => list.quarantine).length;
  return (updated ? `${many(updated, "list")} changed.` : "Nothing has changed.")
    + (failed ? ` ${many(failed, "list")} could not be updated.` : "")
    + (held ? ` ${many(held, "list")} held back.` : "");
}
