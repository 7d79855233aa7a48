import "./browser";
import { expect, test } from "vitest";
import {
  newestOf,
  pageOf,
  shareOf,
  stateOf,
  toneOf,
  usualVersion,
  wishOf,
} from "../src/pages/nodes/state";
import type { Row } from "../src/pages/queries/filter";
import { merged } from "../src/pages/queries/log";
import { type Node, namesOf } from "../src/server/nodes";

const node = (changed: Partial<Node> = {}) =>
  ({
    name: "attic",
    own: false,
    state: "up",
    health: "ok",
    drained: false,
    wants_drain: null,
    version: "2",
    web: "http://192.0.2.7:8080",
    queries: 0,
    blocked: 0,
    silent_s: 90,
    revision: 0,
    ...changed,
  }) as Node;

test.each([
  [{}, "fine", "fine"],
  [{ drained: true }, "off", "drained"],
  [{ health: "degraded" }, "trouble", "not all as it should be"],
  [{ health: "failing", drained: true }, "trouble", "answers no DNS"],
  [{ state: "away", drained: true }, "trouble", "away for 1 min 30 s"],
  [{ state: "unknown", health: "failing" }, "off", "not known now"],
] as const)("a node that is %j looks and is told so", (changed, tone, words) => {
  expect(toneOf(node(changed))).toBe(tone);
  expect(stateOf(node(changed))).toBe(words);
});

test("what a node was asked for is told until it is so", () => {
  expect(wishOf(node({ wants_drain: true }))).not.toBe("");
  expect(wishOf(node({ wants_drain: true, drained: true }))).toBe("");
  expect(wishOf(node({ wants_drain: false, drained: true }))).not.toBe("");
  expect(wishOf(node({ wants_drain: true, state: "away" }))).toBe("");
});

test("the version that most have is the usual one", () => {
  expect(usualVersion([node(), node({ version: "1" }), node()])).toBe("2");
  expect(usualVersion([])).toBe("");
});

test("a page is linked to where that leads somewhere else", () => {
  expect(pageOf(node(), "192.0.2.9")).toBe("http://192.0.2.7:8080");
  expect(pageOf(node({ own: true }), "192.0.2.9")).toBe("");
  expect(pageOf(node({ web: "http://127.0.0.1:8080" }), "192.0.2.9")).toBe("");
  expect(pageOf(node({ web: "http://127.0.0.1:8080" }), "127.0.0.1")).not.toBe("");
  expect(pageOf(node({ web: "" }), "192.0.2.9")).toBe("");
  expect(pageOf(node({ web: "javascript:alert(1)" }), "192.0.2.9")).toBe("");
});

test("shares and revisions", () => {
  expect(shareOf(node())).toBe(-1);
  expect(shareOf(node({ queries: 4, blocked: 1 }))).toBe(25);
  expect(newestOf([node({ revision: 4 }), node({ revision: 7 })])).toBe(7);
  expect(newestOf([])).toBe(0);
});

test("names are to choose from where there are several", () => {
  const found = (...names: string[]) => ({
    shared: true,
    error: "",
    known: 1,
    nodes: names.map((name) => node({ name })),
  });
  expect(namesOf(found("attic", "cellar", "cellar"))).toEqual(["attic", "cellar"]);
  expect(namesOf(found("attic"))).toEqual([]);
  expect(namesOf({ ...found("attic", "cellar"), shared: false })).toEqual([]);
  expect(namesOf(null)).toEqual([]);
});

test("rows of several come together by their time, and those of a clock that was ahead stay last", () => {
  const rows = (...times: number[]) => times.map((time) => ({ id: String(time), time }) as Row);
  const times = (come: number[], there: number[]) =>
    merged(rows(...come), rows(...there)).map(({ time }) => time);
  expect(times([5, 9, 7], [8, 6, 4, 99])).toEqual([9, 8, 7, 6, 5, 4, 99]);
  expect(times([1], [8, 6])).toEqual([8, 6, 1]);
  expect(times([3], [])).toEqual([3]);
});
