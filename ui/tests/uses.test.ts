import { expect, test } from "vitest";
import type { Item } from "../src/parts/policy/known";
import { removalOf, usesOf } from "../src/parts/policy/uses";

const item = (value: { name: string }): Item => ({ name: value.name, value, locked: "" }) as Item;

const KNOWN = {
  groups: [
    item({ name: "default" }),
    item({ name: "Kids", schedules: [{ when: "Bedtime", log: false }, { when: "noon" }] } as never),
  ],
  clients: [
    item({ name: "Tablet", group: "kids", macs: ["02:00:5e:10:00:01"] } as never),
    item({ name: "Phone", schedules: [{ when: "bedtime" }] } as never),
  ],
};

test("members of a group are in no other when it goes", () => {
  const uses = usesOf(KNOWN, "groups", "KIDS");
  expect(removalOf("groups", "Kids", uses)).toEqual([
    {
      key: "clients",
      item: "Tablet",
      action: "set",
      value: { name: "Tablet", macs: ["02:00:5e:10:00:01"] },
    },
    { key: "groups", item: "Kids", action: "remove", value: null },
  ]);
  expect(usesOf(KNOWN, "groups", "default")).toEqual([]);
});

test("what a schedule changes goes with it", () => {
  const uses = usesOf(KNOWN, "schedules", "bedtime");
  expect(uses.map(({ key, item, turn }) => [key, item.name, turn?.log])).toEqual([
    ["groups", "Kids", false],
    ["clients", "Phone", undefined],
  ]);
  expect(removalOf("schedules", "bedtime", uses).map(({ value }) => value)).toEqual([
    { name: "Kids", schedules: [{ when: "noon" }] },
    { name: "Phone" },
    null,
  ]);
});
