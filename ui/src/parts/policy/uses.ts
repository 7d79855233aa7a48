// Who is in a group, or goes by a schedule: what has to change with it when it is removed.

import type { Schemas } from "../../server/api";
import { groupOf, type Item, type Known, saidBy } from "./known";
import { type Said, saying, type Turn, turnsOf } from "./traits";

export type Used = "groups" | "schedules";

export interface Use {
  readonly key: "groups" | "clients";
  readonly item: Item;
  /** What it says without what is removed. */
  readonly without: Said;
  /** What it says for the schedule, where that is removed. */
  readonly turn: Turn | undefined;
}

const DEFAULT = "default";

/** Whoever names a group or a schedule. The group of everybody else needs no name to be gone by. */
export function usesOf(
  { groups, clients }: Pick<Known, "groups" | "clients">,
  used: Used,
  name: string,
): readonly Use[] {
  const isIt = (other: string) => other.toLowerCase() === name.toLowerCase();
  if (used === "groups") {
    if (isIt(DEFAULT)) return [];
    return clients
      .filter((item) => isIt(groupOf(saidBy(item))))
      .map((item) => ({
        key: "clients",
        item,
        without: saying(saidBy(item), "group", undefined),
        turn: undefined,
      }));
  }
  const within = (key: Use["key"], items: readonly Item[]) =>
    items.flatMap((item): Use[] => {
      const turns = turnsOf(saidBy(item));
      const turn = turns.find(({ when }) => isIt(when));
      if (!turn) return [];
      const others = turns.filter((each) => each !== turn);
      const left = others.length > 0 ? others : undefined;
      return [{ key, item, turn, without: saying(saidBy(item), "schedules", left) }];
    });
  return [...within("groups", groups), ...within("clients", clients)];
}

/** The changes of the settings that remove it, and have nobody name it any more. */
export const removalOf = (
  used: Used,
  name: string,
  uses: readonly Use[],
): Schemas["SettingChange"][] => [
  ...uses.map(({ key, item, without }) => ({
    key,
    item: item.name,
    action: "set" as const,
    value: without,
  })),
  { key: used, item: name, action: "remove", value: null },
];
