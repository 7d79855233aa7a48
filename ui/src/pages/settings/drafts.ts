// What is to be changed and is not yet, by key. It outlasts a session that ends meanwhile: after
// signing in again it is still there, for the same person.

import { signal } from "@preact/signals";
import type { Schemas } from "../../server/api";
import { me } from "../../server/reach";

type Change = Schemas["SettingChange"];
type Drafts = ReadonlyMap<string, Change>;

const kept = signal<{ readonly of: string; readonly drafts: Drafts }>({
  of: "",
  drafts: new Map(),
});
const NONE: Drafts = new Map();
const name = (): string => me.value?.name ?? "";

export const drafts = (): Drafts => (kept.value.of === name() ? kept.value.drafts : NONE);

/** Have a key be changed so; null leaves it as it is. */
export function draft(key: string, change: Change | null): void {
  const others = [...drafts()].filter(([each]) => each !== key);
  kept.value = { of: name(), drafts: new Map(change ? [...others, [key, change]] : others) };
}

/** Have these be drafts no more, as they were saved; what is drafted since stays. */
export function discard(drafted: Drafts = drafts()): void {
  const others = [...drafts()].filter(([key, each]) => drafted.get(key) !== each);
  kept.value = { of: name(), drafts: new Map(others) };
}
