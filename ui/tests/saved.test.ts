import "./browser";
import { expect, test } from "vitest";
import { exportOf, filterOf } from "../src/pages/queries/filter";
import { filtersOf, isSame, remove, save, saved, textOf } from "../src/pages/queries/saved";

const filter = (text: string) => filterOf(new URLSearchParams(text));

test("filters are read as they were kept", () => {
  const all = [{ name: "Kids", filter: filter("client=TV&verdict=blocked") }];
  expect(filtersOf(textOf(all))).toEqual(all);
  expect(textOf(all)).toBe('[{"name":"Kids","filter":{"client":"TV","verdict":"blocked"}}]');
});

test.each([
  [null],
  ["no JSON"],
  ['{"name": "x"}'],
  ['[null, 7, {"name": 7, "filter": {}}, {"name": "x"}]'],
])("what is no filter is left out: %s", (text) => {
  expect(filtersOf(text)).toEqual([]);
});

test("of a filter only what it can have is taken", () => {
  const [found] = filtersOf(
    '[{"name": "x", "filter": {"name": "ads", "colour": "red", "type": 7}}]',
  );
  expect(found?.filter).toEqual(filter("name=ads"));
});

test("one is saved in place of any that is called so, and let go", () => {
  save("one", filter("name=a"));
  save("two", filter("name=b"));
  save("one", filter("name=c"));
  expect(saved.value.map(({ name }) => name)).toEqual(["two", "one"]);
  expect(isSame(saved.value[1]?.filter ?? filter(""), filter("name=c"))).toBe(true);
  remove("two");
  expect(saved.value.map(({ name }) => name)).toEqual(["one"]);
});

test("what is looked for is to be had as a file", () => {
  expect(exportOf(filter("verdict=blocked&since=100"), "csv")).toBe(
    "api/v1/log/export?verdicts=blocked&since=100&format=csv",
  );
});
