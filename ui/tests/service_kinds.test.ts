import { expect, test } from "vitest";
import "./browser";
import { valueText } from "../src/parts/policy/naming";
import { kindsOf, othersOf } from "../src/parts/policy/service_kinds";

const service = (id: string, group: string) => ({ id, name: id.toUpperCase(), group });
const SERVICES = [
  service("casino", "gambling"),
  service("feed", "social_network"),
  service("films", "streaming"),
  service("poker", "gambling"),
];
const names = (chosen: string[]) => kindsOf(SERVICES, chosen).map(({ name }) => name);

test("services stand in their groups, those with something chosen first", () => {
  expect(names([])).toEqual(["social_network", "streaming", "gambling"]);
  expect(names(["group:gambling"])).toEqual(["gambling", "social_network", "streaming"]);
  expect(names(["films"])).toEqual(["streaming", "social_network", "gambling"]);
  const [first] = kindsOf(SERVICES, ["poker"]);
  expect(first?.services.map(({ id }) => id)).toEqual(["casino", "poker"]);
});

test("what is chosen and not known is told apart", () => {
  const chosen = ["gone", "films", "group:gambling", "group:gone"];
  expect(othersOf(kindsOf(SERVICES, chosen), chosen)).toEqual(["gone", "group:gone"]);
});

test("a whole group is called as people do", () => {
  const called = (id: string) => id.toUpperCase();
  const text = valueText("services", ["group:gambling", "films"], called);
  expect(text).toBe("Betting, casinos and poker, FILMS");
});
