import { expect, test } from "vitest";
import "./browser";
import { became } from "../src/pages/settings/became";
import type { Setting } from "../src/pages/settings/sections";

const place = (key: string, item: string, before: unknown, after: unknown) => ({
  key,
  item,
  before,
  after,
});
const usual = (value: unknown) => ({ default: value }) as Setting;
const texts = (...given: Parameters<typeof became>) =>
  became(...given).map(({ part, before, after }) => [part, before, after]);

test("an item is added, removed, and put back", () => {
  const rule = "||ads.example^";
  const rules = usual([]);
  expect(texts(place("filtering.rules", rule, null, rule), rules)).toEqual([["", null, "added"]]);
  expect(texts(place("filtering.rules", rule, rule, null), rules)).toEqual([["", null, "removed"]]);
  const lists = usual([{ name: "Starter", enabled: true }]);
  const at = (before: unknown, after: unknown) =>
    place("filtering.lists", "starter", before, after);
  expect(texts(at(null, "removed"), lists)).toEqual([["", null, "removed"]]);
  expect(texts(at("removed", null), lists)).toEqual([["", null, "put back"]]);
});

test("of an item of the default it is told what is different", () => {
  const lists = usual([{ name: "Starter", kind: "block", enabled: true }]);
  const off = { name: "Starter", kind: "block", enabled: false };
  expect(texts(place("filtering.lists", "Starter", null, off), lists)).toEqual([
    ["in use", "yes", "no"],
  ]);
  expect(texts(place("filtering.lists", "Starter", off, null), lists)).toEqual([
    ["in use", "no", "yes"],
  ]);
});

test("of an item that is changed only what is different is told, JSON where it is no plain value", () => {
  const before = { name: "kids", services: ["tiktok"], safe_search: { google: true } };
  const after = { ...before, services: ["tiktok", "steam"], safe_search: { google: false } };
  expect(texts(place("groups", "kids", before, after), usual([]))).toEqual([
    ["Blocked services", "tiktok", "tiktok, steam"],
    ["Safe search: Google", "yes", "no"],
  ]);
  const turns = { ...before, schedules: [{ when: "noon" }] };
  expect(texts(place("groups", "kids", before, turns), usual([]))).toEqual([
    ["Schedules", "as usual", '[{"when":"noon"}]'],
  ]);
  expect(texts(place("local.records", "a.home", ["192.0.2.1"], ["192.0.2.2"]), usual({}))).toEqual([
    ["", "192.0.2.1", "192.0.2.2"],
  ]);
});

test("a value without items is another, or the default", () => {
  expect(texts(place("cache.prefetch", "", null, false), usual(true))).toEqual([
    ["", "the default", "no"],
  ]);
  expect(texts(place("dns.listen", "", ["192.0.2.1:53"], null), usual([]))).toEqual([
    ["", "192.0.2.1:53", "the default"],
  ]);
});
