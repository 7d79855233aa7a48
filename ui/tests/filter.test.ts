import { expect, test } from "vitest";
import {
  FIELDS,
  filterOf,
  isEmpty,
  isOpenEnded,
  searchOf,
  streamOf,
} from "../src/pages/queries/filter";

const filter = (text: string) => filterOf(new URLSearchParams(text));

test("a filter has every field, and nothing that it does not know", () => {
  expect(Object.keys(filter("verdict=blocked&other=1"))).toEqual([...FIELDS]);
  expect(isEmpty(filter("other=1"))).toBe(true);
  expect(isEmpty(filter("type=A"))).toBe(false);
});

test("nothing that is looked for is nothing that is asked for", () => {
  expect(searchOf(filter(""))).toEqual({});
});

test("part of a name is a text, a whole one a name", () => {
  expect(searchOf(filter("name=ads"))).toEqual({ text: "ads" });
  expect(searchOf(filter("name=ads&exact=ads.example.org"))).toEqual({
    names: ["ads.example.org"],
    name_match: "exact",
  });
});

test("all of it becomes a search", () => {
  const text =
    "client=192.0.2.7&verdict=blocked&type=A&list=One&group=kids&upstream=x&transport=tls&since=1&until=2";
  expect(searchOf(filter(text))).toEqual({
    clients: ["192.0.2.7"],
    verdicts: ["blocked"],
    types: ["A"],
    lists: ["One"],
    groups: ["kids"],
    upstreams: ["x"],
    transports: ["tls"],
    since: "1",
    until: "2",
  });
});

test("the stream is asked for the same, without times", () => {
  expect(String(streamOf(filter("verdict=blocked&exact=a.example&since=1")))).toBe(
    "names=a.example&name_match=exact&verdicts=blocked",
  );
});

test("nothing comes to what has an end", () => {
  expect(isOpenEnded(filter("since=1"))).toBe(true);
  expect(isOpenEnded(filter("until=1"))).toBe(false);
});
