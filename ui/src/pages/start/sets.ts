// Three sets of lists of the catalogue, from careful to strict, and what going over to one changes.

import { isOfCategory } from "../../parts/list_row";
import type { Schemas } from "../../server/api";

type Item = Schemas["CatalogueItem"];
type List = Schemas["ListInfo"];
type Change = Schemas["SettingChange"];

export const SETS = {
  careful: ["oisd-small"],
  balanced: ["adguard-dns", "hagezi-normal"],
  strict: ["hagezi-pro-plus", "hagezi-tif-medium", "hagezi-doh"],
} as const satisfies Record<string, readonly string[]>;

export type SetName = keyof typeof SETS;
export const SET_NAMES = Object.keys(SETS) as SetName[];

const OF_SETS: readonly string[] = Object.values(SETS).flat();

/** What the catalogue says of a set's lists. */
export const itemsOf = (catalogue: readonly Item[], name: SetName): Item[] =>
  SETS[name].flatMap((id) => catalogue.find((item) => item.id === id) ?? []);

/** Roughly how many names a set has; lists have some in common. */
export const namesOf = (items: readonly Item[]): number =>
  items.reduce((sum, { names }) => sum + names, 0);

/** The list of an item; not one that is fetched for a category, and asked for some only. */
const listOf = ({ url }: Item, lists: readonly List[]): List | undefined =>
  lists.find((list) => list.url === url && list.kind === "block" && !isOfCategory(list));

/** Whether a set is in use: its lists are, and none of the other sets'. */
export function isInUse(
  name: SetName,
  catalogue: readonly Item[],
  lists: readonly List[],
): boolean {
  const wanted = itemsOf(catalogue, name);
  const used = catalogue.filter(
    (item) => OF_SETS.includes(item.id) && listOf(item, lists)?.enabled,
  );
  return (
    wanted.length > 0 &&
    used.length === wanted.length &&
    wanted.every((each) => used.includes(each))
  );
}

/**
 * The changes of the settings by which a set is in use: its lists are added or switched on, those of
 * the other sets switched off. All other lists stay as they are, as do those that the file holds.
 */
export function changesTo(
  name: SetName,
  catalogue: readonly Item[],
  lists: readonly List[],
): Change[] {
  const wanted = itemsOf(catalogue, name);
  return catalogue.flatMap((item): Change[] => {
    if (!OF_SETS.includes(item.id)) return [];
    const list = listOf(item, lists);
    const enabled = wanted.includes(item);
    if ((list?.enabled ?? false) === enabled || list?.held_by) return [];
    const called = list?.name ?? freeName(item.name, lists);
    const value = { name: called, url: item.url, kind: "block", enabled };
    return [{ key: "filtering.lists", item: called, action: "set", value }];
  });
}

/** Another list may be called so already. */
function freeName(name: string, lists: readonly List[]): string {
  const taken = new Set(lists.map((list) => list.name.toLowerCase()));
  let number = 1;
  let found = name;
  while (taken.has(found.toLowerCase())) found = `${name} ${++number}`;
  return found;
}
