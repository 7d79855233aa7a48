import { expect, test } from "vitest";
import "./browser";
import { type Device, isTurnedAway, turnedAwayAt } from "../src/pages/start/turned_away";

type By = Device["addresses"][number]["turned_away_by"];

const at = (...by: By[]) =>
  ({
    addresses: by.map((turned_away_by, index) => ({ address: `192.0.2.${index}`, turned_away_by })),
  }) as Device;

test("a device is turned away that may ask from none of its addresses", () => {
  expect(isTurnedAway(at("dns.allow"))).toBe(true);
  expect(isTurnedAway(at("dns.allow", "dns.deny"))).toBe(true);
  expect(isTurnedAway(at("dns.allow", ""))).toBe(false);
  expect(isTurnedAway(at(""))).toBe(false);
});

test("of who is known by an id alone nobody can tell", () => {
  expect(isTurnedAway(at())).toBe(false);
});

test("each address at which it is turned away is told", () => {
  const found = turnedAwayAt(at("", "dns.deny", "dns.allow"));
  expect(found.map(({ address }) => address)).toEqual(["192.0.2.1", "192.0.2.2"]);
});
