import { describe, expect, it } from "vitest";
import "./browser";
import { valueText } from "../src/parts/policy/naming";
import {
  differencesOf,
  ofHousehold,
  saidAt,
  saying,
  traitsOf,
  traitsSaid,
} from "../src/parts/policy/traits";

const ITEM = {
  properties: {
    name: { type: "string" },
    lists: { anyOf: [] },
    safe_search: { type: "object", properties: { google: { type: "boolean" } } },
    schedules: { type: "array" },
  },
};

describe("traits", () => {
  it("are found in the schema, the parts of a section one by one", () => {
    expect(traitsOf(ITEM).map(({ path }) => path)).toEqual(["lists", "safe_search.google"]);
  });

  it("are said, said otherwise, and no longer said", () => {
    const kids = { name: "kids", lists: "all" };
    const strict = saying(kids, "safe_search.google", true);
    expect(strict).toEqual({ name: "kids", lists: "all", safe_search: { google: true } });
    expect(saidAt(strict, "safe_search.google")).toBe(true);
    expect(saying(strict, "safe_search.google", undefined)).toEqual(kids);
    expect(saying(kids, "lists", ["Ads"])).toEqual({ name: "kids", lists: ["Ads"] });
    expect(saidAt({ log: null }, "log")).toBeUndefined();
  });

  it("differ by path, also from nothing at all", () => {
    const before = { name: "kids", macs: [], safe_search: { google: true } };
    expect(differencesOf(before, { name: "kids", safe_search: { google: false } })).toEqual([
      { path: "safe_search.google", before: true, after: false },
    ]);
    expect(differencesOf(null, { name: "kids" })).toEqual([
      { path: "name", before: undefined, after: "kids" },
    ]);
    expect(traitsSaid({ name: "kids", log: false, schedules: [] })).toEqual(["log"]);
  });

  it("of the household stand in its settings", () => {
    const settings = [{ key: "filtering.safe_search.google", value: true }] as never;
    expect(ofHousehold(settings, "safe_search.google")).toBe(true);
    expect(ofHousehold(settings, "allow_only")).toBe(false);
  });

  it("calls a budget of none no limit", () => {
    expect(valueText("rate_limit", 0)).toBe("no limit");
    expect(valueText("rate_limit", 200)).toBe("200");
  });
});
