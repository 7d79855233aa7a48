// Showing what came from the network: isolated, left to right, with unseen characters written
// out, so that no name can reorder, hide or imitate the text around it.

import { el } from "./dom.js";
import { visible } from "./format.js";

/** A name, rule or address as an element of its own. */
export function foreign(text, className = "name") {
  return el("bdi", { dir: "ltr", class: className }, visible(text));
}

/** A name as it is stored, and below it how it is read, where that differs. */
export function named(text, read, className = "name") {
  return read ? [foreign(text, className), " ", foreign(read, "read")] : [foreign(text, className)];
}

/** The same inside a sentence: it wraps where it must and looks like the text around it. */
export const isolated = (text) => foreign(text, "isolated");
