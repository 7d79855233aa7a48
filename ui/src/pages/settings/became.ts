// What a change made of one value of the settings, in the plainest words there are for it.

import { traitName, valueText } from "../../parts/policy/naming";
import { differencesOf, type Said } from "../../parts/policy/traits";
import type { Schemas } from "../../server/api";
import { type Key, t } from "../../words/words";
import type { Setting } from "./sections";

type Change = Schemas["StoredPlace"];

/** What the history calls an item that is no longer wanted, though the default has it. */
const REMOVED = "removed";
const LONGEST = 120;

export interface Became {
  /** The part of an item that this is about; "" for the whole. */
  readonly part: string;
  /** null where the whole was added or removed, which `after` says. */
  readonly before: string | null;
  readonly after: string;
}

/** An item comes, goes, or is another in some of its parts; any other value becomes another. */
export function became(change: Change, setting: Setting | undefined): readonly Became[] {
  const { item, before, after } = change;
  if (!item) return [{ part: "", before: shown(before), after: shown(after) }];
  const usual = usualOf(item, setting);
  const [first, second] = [before, after].map((value) => inForce(value, usual));
  if (second === undefined) return [whole("settings.removed")];
  if (first === undefined)
    return [whole(before === REMOVED ? "settings.put_back" : "settings.added")];
  if (!isSection(first) || !isSection(second))
    return [{ part: "", before: shown(first), after: shown(second) }];
  return differencesOf(first, second).map(({ path, before: old, after: made }) => ({
    part: partName(change.key, path),
    before: part(path, old),
    after: part(path, made),
  }));
}

const OF_LISTS: Readonly<Record<string, Key>> = {
  enabled: "list.use.in use",
  kind: "list.kind",
  url: "lists.from",
};

function partName(key: string, path: string): string {
  const word = key === "filtering.lists" ? OF_LISTS[path] : undefined;
  return word ? t(word) : traitName(path);
}

const whole = (key: "settings.removed" | "settings.added" | "settings.put_back"): Became => ({
  part: "",
  before: null,
  after: t(key),
});

/** What an item is without being stored; undefined where there is none then. */
function usualOf(item: string, setting: Setting | undefined): unknown {
  const usual = setting?.default;
  const isIt = (name: unknown) => String(name).toLowerCase() === item.toLowerCase();
  if (Array.isArray(usual))
    return usual.find((each) => isIt(isSection(each) ? each.name : each)) as unknown;
  if (!isSection(usual)) return undefined;
  return Object.entries(usual).find(([name]) => isIt(name))?.[1];
}

const inForce = (value: unknown, usual: unknown): unknown =>
  value === REMOVED ? undefined : (value ?? usual);

const isSection = (value: unknown): value is Said =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const part = (path: string, value: unknown): string =>
  value === undefined ? t("trait.not_said") : shown(value, path);

/** A value in few words; null is none of one's own. */
function shown(value: unknown, path = ""): string {
  if (value === null || value === undefined) return t("settings.as_default");
  const isPlain = !isSection(value) && !(Array.isArray(value) && value.some(isSection));
  const text = isPlain ? valueText(path, value) : JSON.stringify(value);
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}
