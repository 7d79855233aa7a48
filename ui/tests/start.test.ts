import { expect, test } from "vitest";
import "./browser";
import { linesOf, portOf } from "../src/pages/start/known";
import { changesTo, isInUse, itemsOf, namesOf, SET_NAMES, SETS } from "../src/pages/start/sets";
import { isChosen, RESOLVERS, serverOf, serversOf } from "../src/parts/resolvers";

type Item = Parameters<typeof itemsOf>[0][number];
type List = Parameters<typeof isInUse>[2][number];

const item = (id: string): Item =>
  ({ id, name: id.toUpperCase(), url: `https://example.org/${id}`, names: 10 }) as Item;
const list = (of: Item, more: Partial<List> = {}): List =>
  ({ name: of.name, url: of.url, kind: "block", enabled: true, held_by: "", ...more }) as List;

const CATALOGUE = [...Object.values(SETS).flat(), "another"].map(item);
const [FIRST, SECOND] = itemsOf(CATALOGUE, "balanced") as [Item, Item];

test("a set has lists of the catalogue, and roughly their names together", () => {
  for (const name of SET_NAMES) expect(itemsOf(CATALOGUE, name).length).toBe(SETS[name].length);
  expect(itemsOf([], "strict")).toEqual([]);
  expect(namesOf(itemsOf(CATALOGUE, "balanced"))).toBe(20);
});

test("a set is in use when its lists are, and none of another set", () => {
  const both = [list(FIRST), list(SECOND)];
  expect(isInUse("balanced", CATALOGUE, both)).toBe(true);
  expect(isInUse("balanced", CATALOGUE, [...both, list(item("another"))])).toBe(true);
  expect(isInUse("balanced", CATALOGUE, [list(FIRST)])).toBe(false);
  expect(isInUse("balanced", CATALOGUE, [list(FIRST), list(SECOND, { enabled: false })])).toBe(
    false,
  );
  expect(isInUse("balanced", CATALOGUE, [...both, list(item("oisd-small"))])).toBe(false);
  expect(isInUse("balanced", CATALOGUE, [list(FIRST), list(SECOND, { kind: "allow" })])).toBe(
    false,
  );
});

test("going over to a set adds its lists and switches those of others off", () => {
  const other = item("oisd-small");
  const found = changesTo("balanced", CATALOGUE, [
    list(other),
    list(FIRST, { name: "Mine", enabled: false }),
  ]);
  expect(
    found.map(({ item: name, value }) => [name, (value as { enabled: boolean }).enabled]),
  ).toEqual([
    [other.name, false],
    ["Mine", true],
    [SECOND.name, true],
  ]);
  expect(changesTo("balanced", CATALOGUE, [list(FIRST), list(SECOND)])).toEqual([]);
});

test("what the file holds stays as it is", () => {
  const held = list(item("oisd-small"), { held_by: "sinkhole.yaml:3" });
  expect(changesTo("balanced", CATALOGUE, [held, list(FIRST), list(SECOND)])).toEqual([]);
});

test("a list that is fetched for a category is nobody's list of a set", () => {
  const [first] = itemsOf(CATALOGUE, "strict") as [Item];
  const fetched = list(first, { name: `malware: ${first.name}`, origin: "category" });
  expect(changesTo("balanced", CATALOGUE, [fetched, list(FIRST), list(SECOND)])).toEqual([]);
  const strict = changesTo("strict", CATALOGUE, [fetched]);
  expect(strict.map((each) => each.item)).toContain(first.name);
});

test("a list that is added gets a name that no other has", () => {
  const taken = [list(item("x"), { name: FIRST.name.toLowerCase() }), list(SECOND)];
  expect(changesTo("balanced", CATALOGUE, taken).map((each) => each.item)).toEqual([
    `${FIRST.name} 2`,
  ]);
});

test("a resolver is in use whichever way it is written", () => {
  const [quad9] = RESOLVERS;
  if (!quad9) throw new Error("there is none");
  const servers = serversOf(quad9);
  const written = [
    "tls://dns.quad9.net",
    { url: "https://dns.quad9.net/dns-query", timeout: "1s" },
  ];
  expect(isChosen(written, servers)).toBe(true);
  expect(isChosen(written.slice(1), servers)).toBe(false);
  expect(serverOf(null)).toBe("");
});

test("what holds a setting is told as it is written there", () => {
  const places = ["192.0.2.2:53", "[2001:db8::2]:53"];
  expect(linesOf("environment SINKHOLE__DNS__LISTEN", ["dns", "listen"], places)).toEqual([
    `SINKHOLE__DNS__LISTEN='["192.0.2.2:53","[2001:db8::2]:53"]'`,
  ]);
  expect(linesOf("file sinkhole.yaml:3", ["dns", "listen"], places.slice(0, 1))).toEqual([
    "dns:",
    '  listen: ["192.0.2.2:53"]',
  ]);
});

test("the port of a place is what stands behind its host", () => {
  expect(portOf("127.0.0.1:8090")).toBe("8090");
  expect(portOf("[::1]:8080")).toBe("8080");
  expect(portOf("")).toBe("");
});
