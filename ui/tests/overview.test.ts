import "./browser";
import { expect, test } from "vitest";
import { Pace } from "../src/pages/overview/pace";
import { LogLinks, spanOf, spanQuery, statisticsOf } from "../src/pages/overview/span";

const span = (text: string) => spanOf(new URLSearchParams(text));

test.each([
  ["", { period: "24h" }],
  ["period=7d", { period: "7d" }],
  ["period=2h", { period: "24h" }],
  ["period=7d&since=100&until=200", { period: "7d", since: 100, until: 200 }],
  ["since=200&until=100", { period: "24h" }],
  ["since=yesterday&until=100", { period: "24h" }],
  ["since=100", { period: "24h" }],
])("the address %s says which time is shown", (text, wanted) => {
  expect(span(text)).toEqual(wanted);
});

test("a time is the same when it was written into the address and read again", () => {
  for (const text of ["period=365d", "period=1h&since=100&until=200"]) {
    expect(new URLSearchParams(spanQuery(span(text))).toString()).toContain(text);
  }
});

test("the server is asked for a period, or for a part of it", () => {
  expect(statisticsOf(span("period=7d"))).toEqual({ period: "7d" });
  expect(statisticsOf(span("period=7d&since=1&until=2"))).toEqual({ since: "1", until: "2" });
});

test("numbers lead to the log of their time, those of whole hours to whole hours", () => {
  const now = new LogLinks({ start: 7_260, end: 93_000.5 }, span(""));
  expect(now.of({ verdict: "blocked" })).toBe("#/queries?verdict=blocked&since=7260");
  expect(now.ofHours({ client: "TV" })).toBe("#/queries?client=TV&since=7200");
  const part = new LogLinks({ start: 7_260, end: 9_000 }, span("since=7260&until=9000"));
  expect(part.of()).toBe("#/queries?since=7260&until=9000");
  expect(part.ofHours({})).toBe("#/queries?since=7200&until=10800");
});

test("how quickly queries come is told from what came lately", () => {
  const pace = new Pace();
  expect(pace.aMinute(0)).toBe(null);
  pace.note(100, 0);
  expect(pace.aMinute(500)).toBe(null);
  expect(pace.aMinute(10_000)).toBe(0);
  pace.note(130, 10_000);
  expect(pace.aMinute(10_000)).toBe(180);
  expect(pace.aMinute(20_000)).toBe(90);
  expect(pace.aMinute(40_000)).toBe(0);
  pace.note(5, 41_000);
  expect(pace.aMinute(43_000)).toBe(0);
});
