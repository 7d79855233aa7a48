// Servers as the settings write them: an address alone, or with a patience of its own.

export type Entry = string | { readonly url: string; readonly timeout?: string | null };

export const urlOf = (entry: Entry): string => (typeof entry === "string" ? entry : entry.url);

export const patienceOf = (entry: Entry): string =>
  typeof entry === "string" ? "" : (entry.timeout ?? "");

/** What a server is called where it is told how it does: without pins, hashes and addresses. */
export const nameOf = (url: string): string => url.replace(/\?[^#]*/, "");

/** Whether everybody on the way can read what is asked. */
export const isPlain = (url: string): boolean =>
  !url.includes("://") || /^(udp|tcp):/i.test(url.trim());

/** The list with one of them so many places further down; those at the ends stay. */
export function moved<T>(list: readonly T[], from: number, by: number): T[] {
  const to = from + by;
  if (to < 0 || to >= list.length) return [...list];
  const others = list.filter((_, place) => place !== from);
  return [...others.slice(0, to), list[from] as T, ...others.slice(to)];
}
