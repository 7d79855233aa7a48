import { expect, test } from "vitest";
import "./browser";
import { fieldOf, inOrder, timesOf } from "../src/pages/queries/when";

const NOON = new Date(2026, 2, 29, 12, 0, 0); // clocks may go forward on that day

test("spans are those of the reader's days", () => {
  const midnight = new Date(2026, 2, 29).getTime() / 1000;
  const before = new Date(2026, 2, 28).getTime() / 1000;
  expect(timesOf("today", NOON)).toEqual({ since: String(midnight), until: "" });
  expect(timesOf("yesterday", NOON)).toEqual({ since: String(before), until: String(midnight) });
  expect(Number(timesOf("hour", NOON).since)).toBe(NOON.getTime() / 1000 - 3600);
  expect(Number(timesOf("week", NOON).since)).toBe(NOON.getTime() / 1000 - 7 * 86_400);
});

test("an edge that leaves nothing between lets go of the other", () => {
  const times = { since: "100", until: "" };
  expect(inOrder(times, "until", "200")).toEqual({ since: "100", until: "200" });
  expect(inOrder(times, "until", "50")).toEqual({ since: "", until: "50" });
  expect(inOrder(times, "since", "")).toEqual({ since: "", until: "" });
});

test("a field shows the edge that counts, and nothing where there is none", () => {
  expect(fieldOf(String(NOON.getTime() / 1000))).toBe("2026-03-29T12:00");
  expect(fieldOf(String(new Date(2026, 0, 2, 3, 4, 5).getTime() / 1000))).toBe("2026-01-02T03:04");
  expect(fieldOf("")).toBe("");
  expect(fieldOf("yesterday")).toBe("");
});
