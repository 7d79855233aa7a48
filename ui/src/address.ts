// Where one is: the page and what it shows, in the part of the address behind "#", so that any path
// of a proxy will do, links can be kept, and the browser's way back works.

import { signal } from "@preact/signals";

export interface Place {
  /** The page, such as "queries"; "" is the overview. */
  readonly page: string;
  /** What of it, such as the name of a device; "" for all. */
  readonly item: string;
  readonly query: URLSearchParams;
}

/** The place that the address says: `#/queries?names=example.org`, `#/devices/Kids%20tablet`. */
export function placeOf(hash: string): Place {
  const [path = "", query = ""] = split(hash.replace(/^#?\/?/, ""), "?");
  const [page = "", item = ""] = split(path, "/");
  return { page, item: decoded(item), query: new URLSearchParams(query) };
}

/** The address of a place, for links. */
export function addressOf(page: string, query: Record<string, string> = {}, item = ""): string {
  const given = Object.entries(query).filter(([, value]) => value !== "");
  const text = new URLSearchParams(given).toString();
  return `#/${page}${item && `/${encodeURIComponent(item)}`}${text && `?${text}`}`;
}

export const place = signal(placeOf(location.hash));
window.addEventListener("hashchange", () => {
  place.value = placeOf(location.hash);
});

/** Say in the address what is shown now; going back leads to the place before this one, not to each
 *  letter that was typed. */
export function rewrite(query: Record<string, string>): void {
  const { page, item } = place.value;
  history.replaceState(null, "", addressOf(page, query, item));
  place.value = placeOf(location.hash);
}

function split(text: string, at: string): [string, string] {
  const found = text.indexOf(at);
  return found < 0 ? [text, ""] : [text.slice(0, found), text.slice(found + 1)];
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
