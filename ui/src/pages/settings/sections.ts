// The settings by their sections, as far as they fit what is looked for.

import type { Schemas } from "../../server/api";

export type Setting = Schemas["Setting"];

/** The sections in their order, each with the settings that fit what is looked for; `titleOf` says
 *  what a section or a part of one is called, which counts as well. */
export function sectionsOf(
  settings: readonly Setting[],
  wanted: string,
  titleOf: (of: string) => string,
): (readonly [string, readonly Setting[]])[] {
  const words = wanted.toLowerCase().split(/\s+/).filter(Boolean);
  const found = new Map<string, Setting[]>();
  for (const setting of settings) {
    const { key, title, help } = setting;
    const section = sectionOf(key);
    const above = [section, partOf(key)].map(titleOf).join(" ");
    const text = `${key} ${title} ${help} ${above}`.toLowerCase();
    if (!words.every((word) => text.includes(word))) continue;
    found.set(section, [...(found.get(section) ?? []), setting]);
  }
  return [...found];
}

/** The section of a key; what stands alone is "general". */
export const sectionOf = (key: string): string =>
  key.includes(".") ? (key.split(".")[0] ?? "") : "general";

/** The part of a section that a key is in, such as `blocking` of `filtering.blocking.ttl`. */
export const partOf = (key: string): string => key.split(".").slice(1, -1).join(".");
