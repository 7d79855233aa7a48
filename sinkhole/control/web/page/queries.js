// The table of last queries: filtered, newest first, refreshed while its first page is shown.

import { byId, el, keyed } from "./dom.js";
import { clock, duration } from "./format.js";
import { read } from "./server.js";
import { foreign, named } from "./text.js";
import { happened, tone, transport } from "./words.js";

const ROWS = 25;
const TYPING_MS = 250;
const NO_FILTER = { name: "", verdict: "", client: "", transport: "" };

/** The table; `refresh` asks its owner to call `load` again, with a fresh signal. */
export class Queries {
  #filter = { ...NO_FILTER };
  #before = "";
  #next = null;
  #partial = false;
  #loaded = false;
  #off = false;
  #typing = 0;
  #refresh;

  constructor(refresh) {
    this.#refresh = refresh;
    byId("filter-name").addEventListener("input", (event) => {
      clearTimeout(this.#typing);
      const name = event.target.value.trim();
      this.#typing = setTimeout(() => this.#narrow({ name }), TYPING_MS);
    });
    byId("filter-verdict").addEventListener("change", (event) =>
      this.#narrow({ verdict: event.target.value }));
    byId("filter-client").addEventListener("click", () => this.#narrow({ client: "" }));
    byId("filter-transport").addEventListener("click", () => this.#narrow({ transport: "" }));
    byId("older").addEventListener("click", () => this.#turn(this.#next));
    byId("newest").addEventListener("click", () => this.#turn(""));
  }

  /** Whether nothing is to be refreshed: there is no log, older queries are being read, or
   *  looking for some took so long that it was not ended. */
  get still() {
    return this.#off || ((this.#before !== "" || this.#partial) && this.#loaded);
  }

  /** Say that queries are not logged, or take it back. */
  set off(off) {
    if (off === this.#off) return;
    this.#off = off;
    byId("filters").hidden = off;
    byId("queries").hidden = off;
    byId("queries-empty").hidden = !off;
    byId("queries-empty").textContent = "The query log is switched off in the settings.";
  }

  /** Show only some queries, and bring the table into view. */
  show(filter) {
    byId("filter-name").value = filter.name ?? "";
    byId("filter-verdict").value = "";
    this.#narrow({ ...NO_FILTER, ...filter });
    byId("queries-title").scrollIntoView({ block: "start" });
  }

  /** Read and show the page; how many rows there are. */
  async load(signal) {
    const page = await read("api/queries",
      { limit: ROWS, before: this.#before, ...this.#filter }, signal);
    const since = page.looked_back_to;
    this.#next = page.next;
    this.#partial = since !== null;
    this.#loaded = true;
    // With its name, as a client may get another one while its rows are shown.
    keyed(byId("queries").tBodies[0], page.queries, (row) => row.id + (row.client_name ?? ""),
      makeRow);
    byId("queries").hidden = page.queries.length === 0;
    byId("queries-empty").hidden = page.queries.length > 0 && since === null;
    byId("queries-empty").textContent = since !== null
      ? `Looked back to ${clock(since)}: ${page.queries.length || "no"} queries until then.`
      : Object.values(this.#filter).some(Boolean)
        ? "No query fits the filter." : "No queries yet.";
    byId("older").hidden = !page.next;
    byId("older").textContent = since === null ? "Older" : "Look further back";
    byId("newest").hidden = this.#before === "";
    return page.queries.length;
  }

  #narrow(change) {
    Object.assign(this.#filter, change);
    const { client, transport: name } = this.#filter;
    showChip("filter-client", client, "Client ", foreign(client));
    showChip("filter-transport", name, `Over ${transport(name)}`);
    this.#turn("");
  }

  #turn(before) {
    this.#before = before ?? "";
    this.#loaded = false;
    this.#refresh();
  }
}

/** Show what is looked for on a button that takes it back, or no button where nothing is. */
function showChip(id, wanted, ...words) {
  const chip = byId(id);
  chip.hidden = !wanted;
  chip.replaceChildren(...words);
  chip.setAttribute("aria-label", `${chip.textContent}: show all again`);
  chip.append(" ✕");
}

function makeRow(row) {
  const time = el("time", { datetime: new Date(row.time * 1000).toISOString() }, clock(row.time));
  return el("tr", { role: "row", class: tone(row) },
    cell("time", time),
    cell("client", named(row.client, row.client_name)),
    cell("asked", named(row.name, row.name_unicode)),
    cell("type", foreign(row.type),
      row.transport === "udp" ? null : ` over ${transport(row.transport)}`),
    cell("happened", el("span", { class: "mark", "aria-hidden": "true" }),
      el("span", {}, ...happened(row))),
    cell("took number", duration(row.duration_ms)));
}

const cell = (name, ...children) => el("td", { role: "cell", class: name }, ...children);
