// The page: what is refreshed when, and what is said when the server can not be reached.

import { Chart } from "./chart.js";
import { byId } from "./dom.js";
import { PERIODS } from "./format.js";
import { showGuide } from "./guide.js";
import { showHeadline } from "./headline.js";
import { showLists, watchLists } from "./lists.js";
import { Poll } from "./poll.js";
import { Queries } from "./queries.js";
import { read, Refused, Unknown, Unreachable } from "./server.js";
import { Door } from "./sign_in.js";
import { showStatus } from "./status.js";
import { showTops } from "./tops.js";

const QUERIES_MS = 5_000;
const NUMBERS_MS = 15_000;
const LOST = "Not reachable, trying again";

const chart = new Chart(byId("chart"));
const queries = new Queries(() => rows.now());
const numbers = new Poll((signal) => attempt("numbers", () => showNumbers(signal)), NUMBERS_MS);
const rows = new Poll((signal) => attempt("rows", () => showRows(signal)), QUERIES_MS);
let period = "24h";
const troubles = new Map();
const door = new Door(() => begin());

async function showNumbers(signal) {
  const [summary, status, { lists }] = await Promise.all([
    read("api/stats", { period }, signal),
    read("api/status", {}, signal),
    read("api/lists", {}, signal),
  ]);
  const fresh = summary.totals.queries === 0 && status.log.enabled && status.log.rows === 0;
  document.body.classList.toggle("fresh", fresh);
  queries.off = !status.log.enabled;
  showHeadline(summary, status);
  chart.show(summary);
  showTops(summary, (filter) => queries.show(filter));
  showStatus(status);
  showLists(lists);
  showGuide(fresh ? status : null);
}

async function showRows(signal) {
  if (queries.still) return;
  const found = await queries.load(signal);
  // The first query of a new server: the guide has done its work, show the numbers at once.
  if (found && document.body.classList.contains("fresh")) numbers.now();
}

/** Run `work` and tell how it went; a run that was replaced by a newer one is silent. */
async function attempt(what, work) {
  if (door.isOpen) return;
  try {
    await work();
    const wasLost = [...troubles.values()].includes(LOST);
    troubles.delete(what);
    if (wasLost && what === "rows") numbers.now();
  } catch (error) {
    if (error.name === "AbortError") return;
    if (error instanceof Unknown && !(await door.enter().catch(() => true))) return;
    if (error instanceof Unreachable) troubles.set(what, LOST);
    else if (error instanceof Refused) troubles.set(what, `The server says: ${error.message}`);
    else {
      console.error(error);
      troubles.set(what, "This page has a fault; the browser's console says which");
    }
  }
  const [trouble] = troubles.values();
  tell(trouble ? "trouble" : "fine", trouble ?? "Live");
}

function tell(state, text) {
  const reach = byId("reach");
  if (reach.dataset.state === state && reach.textContent === text) return;
  reach.dataset.state = state;
  reach.textContent = text;
}

function choosePeriod(value) {
  period = value;
  const address = new URL(location.href);
  address.searchParams.set("period", value);
  history.replaceState(null, "", address);
  numbers.now();
}

const wanted = new URL(location.href).searchParams.get("period");
for (const radio of document.getElementsByName("period")) {
  if (wanted in PERIODS) radio.checked = radio.value === wanted;
  if (radio.checked) period = radio.value;
  radio.addEventListener("change", () => choosePeriod(radio.value));
}

async function begin() {
  await numbers.now();  // says, too, whether there is a log to show
  rows.now();
}

watchLists(() => numbers.now());
if (await door.enter().catch(() => true)) begin();
