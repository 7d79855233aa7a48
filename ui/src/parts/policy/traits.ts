// What can be said for a group, a client or a schedule of either: each trait with what it takes,
// found in the schema of the settings, and whether it is said.

import type { Schemas } from "../../server/api";
import type { Accepts } from "../kind";

/** What an item says, by the keys of the settings; what is not said is as for whoever is below. */
export type Said = Readonly<Record<string, unknown>>;

export interface Trait {
  /** Where it stands within an item: "lists", "safe_search.google". */
  readonly path: string;
  readonly accepts: Accepts;
}

/** What tells an item apart, and is no trait. */
const IDENTITY = [
  "name",
  "when",
  "schedules",
  "group",
  "addresses",
  "macs",
  "ids",
  "hosts",
  "tags",
];

/** All traits that such an item may have, in the order of the schema. */
export function traitsOf(item: Accepts): readonly Trait[] {
  return Object.entries(item.properties ?? {})
    .filter(([key]) => !IDENTITY.includes(key))
    .flatMap(([key, accepts]) =>
      accepts.properties
        ? Object.entries(accepts.properties).map(([inner, each]) => ({
            path: `${key}.${inner}`,
            accepts: each,
          }))
        : [{ path: key, accepts }],
    );
}

/** What is said at a path; undefined where nothing is. */
export function saidAt(said: Said, path: string): unknown {
  const [key = "", inner] = path.split(".");
  const value = said[key];
  const found = inner ? (value as Said | undefined)?.[inner] : value;
  return found === null ? undefined : found;
}

/** The same with something else at a path; undefined says nothing there. */
export function saying(said: Said, path: string, value: unknown): Said {
  const [key = "", inner] = path.split(".");
  const whole = inner ? saying((said[key] ?? {}) as Said, inner, value) : value;
  const others = Object.entries(said).filter(([each]) => each !== key);
  const isNothing = whole === undefined || (inner !== undefined && isEmpty(whole as Said));
  if (isNothing) return Object.fromEntries(others);
  if (!(key in said)) return { ...said, [key]: whole };
  return Object.fromEntries(
    Object.entries(said).map(([each, old]) => [each, each === key ? whole : old]),
  );
}

const isEmpty = (said: Said): boolean => Object.keys(said).length === 0;

export interface Difference {
  readonly path: string;
  readonly before: unknown;
  readonly after: unknown;
}

/** What two values of an item say differently, by path; null says nothing at all. */
export function differencesOf(before: Said | null, after: Said | null): readonly Difference[] {
  const paths = new Set([before, after].flatMap((each) => pathsOf(each ?? {})));
  return [...paths]
    .map((path) => ({
      path,
      before: saidAt(before ?? {}, path),
      after: saidAt(after ?? {}, path),
    }))
    .filter((each) => JSON.stringify(each.before) !== JSON.stringify(each.after));
}

/** All paths at which something is said. */
export function pathsOf(said: Said): readonly string[] {
  return Object.entries(said).flatMap(([key, value]) => {
    if (value == null || (Array.isArray(value) && value.length === 0 && IDENTITY.includes(key)))
      return [];
    const isSection = typeof value === "object" && !Array.isArray(value);
    return isSection ? Object.keys(value).map((inner) => `${key}.${inner}`) : [key];
  });
}

/** The traits that are said: without the name and all else that tells an item apart. */
export const traitsSaid = (said: Said): readonly string[] =>
  pathsOf(said).filter((path) => !IDENTITY.includes(path));

const ELSEWHERE: Readonly<Record<string, string>> = {
  rate_limit: "dns.rate_limit",
  client_subnet: "upstream.client_subnet",
  privacy: "query_log.privacy",
  log: "query_log.enabled",
};
const PLAIN: Readonly<Record<string, unknown>> = {
  filtering: true,
  lists: "all",
  categories: [],
  allow_only: false,
  refuse_types: [],
  upstream: "default",
  statistics: true,
};

/** What applies to the household at a path. */
export function ofHousehold(settings: readonly Schemas["Setting"][], path: string): unknown {
  if (path in PLAIN) return PLAIN[path];
  const key = ELSEWHERE[path] ?? `filtering.${path}`;
  return settings.find((each) => each.key === key)?.value;
}

/** A part of a schedule of an item: "when" names the schedule, the rest is what it changes. */
export type Turn = Said & { readonly when: string };

export const turnsOf = (said: Said): readonly Turn[] => (said.schedules ?? []) as readonly Turn[];
