// What was asked most, by whom, and what decided: lists with a bar behind each entry.

import { byId, el, keyed } from "./dom.js";
import { count, duration, many, percent, visible } from "./format.js";
import { named } from "./text.js";
import { transport } from "./words.js";

const blockedShare = (entry) =>
  entry.blocked ? `${percent((100 * entry.blocked) / entry.count)} blocked` : "";

const BOARDS = [
  { key: "top_names", title: "Most asked", name: "name", read: "name_unicode", filter: "name" },
  { key: "top_blocked", title: "Most blocked", name: "name", read: "name_unicode",
    filter: "name", tone: "blocked" },
  { key: "top_clients", title: "Clients", name: "client", read: "client_name",
    filter: "client", note: blockedShare },
  { key: "top_lists", title: "Lists that blocked", name: "name", tone: "blocked" },
  { key: "upstreams", title: "Upstreams asked", name: "name",
    note: (entry) => `${duration(entry.avg_ms)} on average` },
  { key: "transports", title: "Asked over", name: "name", words: transport, filter: "transport",
    isFilled: (entries) => entries.some(({ name }) => name !== "udp") },
];

/** Show the tops of a summary; a click on an entry calls `filter({name|client|transport})`. */
export function showTops(summary, filter) {
  const filled = BOARDS.filter(({ key, isFilled = (entries) => entries.length }) =>
    isFilled(summary[key]));
  keyed(byId("tops"), filled, (board) => board.key, makeBoard);
  for (const board of filled) {
    const list = byId(`${board.key}-list`);
    const most = Math.max(...summary[board.key].map((entry) => entry.count), 1);
    keyed(list, summary[board.key],
      (entry) => `${entry[board.name]} ${entry[board.read] ?? ""}`,
      (entry) => fill(makeRow(board, entry, filter), board, entry, most),
      (row, entry) => fill(row, board, entry, most));
  }
}

function makeBoard(board) {
  const id = `${board.key}-title`;
  return el("section", { class: `card board ${board.tone ?? ""}`, "aria-labelledby": id },
    el("h2", { id }, board.title), el("ol", { id: `${board.key}-list` }));
}

function makeRow(board, entry, filter) {
  const words = board.words?.(entry[board.name]) ?? entry[board.name];
  const name = named(words, entry[board.read]);
  const shown = !board.filter ? name : el("button", {
    type: "button", class: "link", title: `Show the queries ${board.words ? "over" : "of"} ${visible(words)}`,
    click: () => filter({ [board.filter]: entry[board.name] }),
  }, name);
  return el("li", {}, el("span", { class: "bar" }), el("span", { class: "what" }, shown),
    el("span", { class: "note quiet" }), el("span", { class: "number" }));
}

function fill(row, board, entry, most) {
  const [bar, , note, number] = row.children;
  bar.style.setProperty("--share", entry.count / most);
  note.textContent = board.note?.(entry) ?? "";
  number.textContent = count(entry.count);
  number.title = many(entry.count, "query", "queries");
  return row;
}
