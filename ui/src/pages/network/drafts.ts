// Settings of a section as they are, and what is to become of them: gathered here, reviewed, saved.

import { signal } from "@preact/signals";
import { useMemo } from "preact/hooks";
import { api, type Schemas, told } from "../../server/api";
import { usePolled } from "../../server/polled";
import { may } from "../../server/reach";

export type Change = Schemas["SettingChange"];
export type Setting = Schemas["Setting"];

export interface Drafts {
  /** Whether the settings have been read. */
  readonly isRead: boolean;
  readonly revision: string;
  readonly changes: readonly Change[];
  readonly of: (key: string) => Setting | undefined;
  /** What a key, or an item of it, is to be; undefined for an item that is to go. */
  readonly value: (key: string, item?: string) => unknown;
  /** All items of a key as they are to be, the new ones last. */
  readonly items: (key: string) => Item[];
  /** Why it can't be changed here: where it is held; "" where it can. */
  readonly heldBy: (key: string, item?: string) => string;
  readonly mayChange: (key: string, item?: string) => boolean;
  readonly isChanged: (key: string, item?: string) => boolean;
  readonly set: (key: string, value: unknown, item?: string) => void;
  readonly remove: (key: string, item: string) => void;
  readonly drop: (key: string, item?: string) => void;
  readonly discard: () => void;
  /** Read anew, then without what was drafted: it was saved. What is drafted meanwhile stays. */
  readonly saved: () => Promise<void>;
  /** Read anew, with the drafts kept: somebody else has changed something. */
  readonly readAgain: () => Promise<void>;
}

export interface Item {
  readonly name: string;
  readonly value: unknown;
  readonly isNew: boolean;
}

/** The settings below `section`, such as "upstream", and what is drafted of them. */
export function useDrafts(section: string): Drafts {
  const read = (signal: AbortSignal) =>
    told(api.GET("/settings", { params: { query: { below: section } }, signal }));
  const polled = usePolled(`settings ${section}`, read, null);
  const drafts = useMemo(() => signal<ReadonlyMap<string, Change>>(new Map()), []);
  const drafted = drafts.value;
  const found = polled.last.value;
  const byKey = new Map(found?.settings.map((each) => [each.key, each]));

  const place = (key: string, item = "") => `${key} ${item}`;
  const draftOf = (key: string, item = "") => drafts.value.get(place(key, item));
  const itemOf = (key: string, item: string) =>
    byKey.get(key)?.items?.find(({ name }) => name === item);
  const now = (key: string, item = "") => (item ? itemOf(key, item) : byKey.get(key))?.value;

  function draft(key: string, item: string, change: Change | null): void {
    const others = [...drafts.value].filter(([each]) => each !== place(key, item));
    drafts.value = new Map(change ? [...others, [place(key, item), change]] : others);
  }

  const heldBy = (key: string, item = "") =>
    (item ? itemOf(key, item)?.locked : byKey.get(key)?.locked) ?? "";

  return {
    isRead: found !== undefined,
    revision: found?.revision ?? "",
    changes: [...drafts.value.values()],
    of: (key) => byKey.get(key),
    value: (key, item = "") => {
      const change = draftOf(key, item);
      if (change?.action === "remove") return undefined;
      return change ? change.value : now(key, item);
    },
    items: (key) => itemsOf(byKey.get(key), [...drafts.value.values()]),
    heldBy,
    mayChange: (key, item = "") => may("settings:write") && heldBy(key, item) === "",
    isChanged: (key, item = "") => draftOf(key, item) !== undefined,
    set: (key, value, item = "") => {
      const isSame = JSON.stringify(value) === JSON.stringify(now(key, item));
      draft(key, item, isSame ? null : { key, item, action: "set", value });
    },
    remove: (key, item) => {
      const isThere = itemOf(key, item) !== undefined;
      draft(key, item, isThere ? { key, item, action: "remove", value: null } : null);
    },
    drop: (key, item = "") => draft(key, item, null),
    discard: () => {
      drafts.value = new Map();
    },
    saved: async () => {
      await polled.now();
      drafts.value = new Map([...drafts.value].filter(([at, each]) => drafted.get(at) !== each));
    },
    readAgain: polled.now,
  };
}

/** The items of a collection with the drafts of it: those that are to go are left out. */
export function itemsOf(setting: Setting | undefined, changes: readonly Change[]): Item[] {
  if (!setting) return [];
  const drafted = new Map(
    changes.filter(({ key }) => key === setting.key).map((each) => [each.item, each]),
  );
  const kept: Item[] = [];
  for (const { name, value } of setting.items ?? []) {
    const change = drafted.get(name);
    drafted.delete(name);
    if (change?.action !== "remove") {
      kept.push({ name, value: change ? change.value : value, isNew: false });
    }
  }
  const added = [...drafted.values()].filter(({ action }) => action === "set");
  return [...kept, ...added.map(({ item, value }) => ({ name: item, value, isNew: true }))];
}
