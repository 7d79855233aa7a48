import "./browser";
import { expect, test } from "vitest";

const { addressOf, placeOf } = await import("../src/address");

test("an address says the page, the item and what is looked for", () => {
  const place = placeOf("#/devices/Kids%20tablet?period=7d");
  expect([place.page, place.item, place.query.get("period")]).toEqual([
    "devices",
    "Kids tablet",
    "7d",
  ]);
});

test.each(["", "#", "#/", "#/?period=7d"])("%j is the overview", (hash) => {
  expect(placeOf(hash).page).toBe("");
});

test("what is not said stands in no address", () => {
  expect(addressOf("queries", { name: "", verdict: "blocked" })).toBe("#/queries?verdict=blocked");
  expect(addressOf("")).toBe("#/");
});

test.each(["a/b", "50%", "münchen?#&=+", "<script>", "\u202e", "%zz"])(
  "%j comes back as it was, as an item and as a value",
  (text) => {
    const place = placeOf(addressOf("page", { value: text }, text));
    expect([place.page, place.item, place.query.get("value")]).toEqual(["page", text, text]);
  },
);

test("an address that somebody has broken is no fault", () => {
  expect(placeOf("#/devices/%zz").item).toBe("%zz");
  expect(placeOf("#/a?b?c=d").query.get("b?c")).toBe("d");
});
