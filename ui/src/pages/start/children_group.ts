// The group that the step for children makes: how it is found again, and what it says.

import { KINDS } from "./kinds";

/** What the group is called, in all languages; it may have another name since. */
const GROUP = "children";
const ELSE = "default";

export type Category = "malware" | "adult";
export const CATEGORIES: readonly Category[] = ["malware", "adult"];

export interface Wanted {
  readonly isSafe: boolean;
  readonly categories: readonly Category[];
  readonly kinds: readonly string[];
}

interface Said {
  readonly safe_search?: Record<string, unknown> | null;
  readonly categories?: readonly Category[] | null;
  readonly services?: readonly string[] | null;
}

interface Group {
  readonly name: string;
  readonly value?: unknown;
}

/** What the group is called that is made, or that was found. */
export const nameOf = (there: Group | undefined): string => there?.name ?? GROUP;

/**
 * The group of these that is for children: by its name, else the first that says all that the step
 * says, as one does that was made here and has another name since.
 */
export function childrenOf<Found extends Group>(groups: readonly Found[]): Found | undefined {
  const others = groups.filter(({ name }) => name.toLowerCase() !== ELSE);
  return others.find(({ name }) => name.toLowerCase() === GROUP) ?? others.find(saysAll);
}

function saysAll({ value }: Group): boolean {
  const { safe_search, categories, services } = (value ?? {}) as Said;
  return Boolean(safe_search && categories && services);
}

/** What a group's value says of it. */
export function readGroup(value: unknown): Wanted {
  const said = (value ?? {}) as Said;
  const services = said.services ?? [];
  return {
    isSafe: Object.values(said.safe_search ?? {}).some((level) => level && level !== "off"),
    categories: said.categories ?? [],
    kinds: KINDS.filter((kind) => services.includes(`group:${kind}`)),
  };
}
