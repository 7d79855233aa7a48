// Filters that somebody wants to come back to: kept in this browser, by names of one's own.

import { signal } from "@preact/signals";
import { keep, kept } from "../../parts/kept";
import { FIELDS, type Filter, filterOf } from "./filter";

const KEPT_AS = "sinkhole.filters";
export const MOST_SAVED = 30;

export interface SavedFilter {
  readonly name: string;
  readonly filter: Filter;
}

/** All of them, the last one saved at the end. */
export const saved = signal<readonly SavedFilter[]>(filtersOf(kept(KEPT_AS)));

/** Save one, in place of any that is called so. */
export function save(name: string, filter: Filter): void {
  const others = saved.value.filter((each) => each.name !== name);
  replace([...others, { name, filter }].slice(-MOST_SAVED));
}

export function remove(name: string): void {
  replace(saved.value.filter((each) => each.name !== name));
}

export const isSame = (one: Filter, other: Filter): boolean =>
  FIELDS.every((field) => one[field] === other[field]);

function replace(all: readonly SavedFilter[]): void {
  saved.value = all;
  keep(KEPT_AS, textOf(all));
}

/** As it is kept: of each filter only what it has. */
export function textOf(all: readonly SavedFilter[]): string {
  const told = all.map(({ name, filter }) => ({
    name,
    filter: Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== "")),
  }));
  return JSON.stringify(told);
}

/** What was kept; whatever is not understood is left out. */
export function filtersOf(text: string | null): SavedFilter[] {
  let told: unknown;
  try {
    told = JSON.parse(text ?? "[]");
  } catch {
    return [];
  }
  if (!Array.isArray(told)) return [];
  return told.flatMap((each: { name?: unknown; filter?: unknown } | null) => {
    if (typeof each?.name !== "string" || typeof each.filter !== "object" || !each.filter)
      return [];
    const texts = Object.entries(each.filter).filter(([, value]) => typeof value === "string");
    return [
      { name: each.name, filter: filterOf(new URLSearchParams(texts as [string, string][])) },
    ];
  });
}
