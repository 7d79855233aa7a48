import { describe, expect, test } from "vitest";
import { kindOf, read, unitsOf, written } from "../src/parts/kind";
import { quantityIn, quantityOf, typedIn } from "../src/parts/quantity";

const time = {
  anyOf: [
    { type: "string", pattern: "^\\s*([0-9]+(\\.[0-9]+)?(d|h|m|s|ms)|0)\\s*$" },
    { const: 0 },
  ],
};
const bytes = {
  anyOf: [
    { type: "string", pattern: "^\\s*([0-9]+(\\.[0-9]+)?(GiB|MiB|KiB|B)|0)\\s*$" },
    { const: 0 },
  ],
};
const server = { type: "object", properties: { url: { type: "string" }, timeout: time } };

describe("a field suits what is accepted", () => {
  test.each([
    ["switch", { type: "boolean" }],
    ["choice", { type: "string", enum: ["one", "two"] }],
    ["choices", { type: "array", items: { type: "string", enum: ["one", "two"] } }],
    ["number", { type: "integer", minimum: 0 }],
    ["amount", time],
    ["amount", bytes],
    ["text", { type: "string" }],
    ["lines", { type: "array", items: { type: "string" } }],
    ["path", { type: ["boolean", "string"] }],
    ["rows", { type: "array", items: { anyOf: [{ type: "string" }, server] } }],
    ["parts", { anyOf: [time, { type: "object", properties: { one: time } }] }],
    ["parts", server],
    ["elsewhere", { type: "object" }],
    ["elsewhere", { type: "array", items: { type: "array", items: { type: "string" } } }],
  ] as const)("%s", (kind, accepts) => {
    expect(kindOf(accepts)).toBe(kind);
  });
});

test("the units are those of the pattern", () => {
  expect(unitsOf(time)).toEqual(["d", "h", "m", "s", "ms"]);
  expect(unitsOf(bytes)).toEqual(["GiB", "MiB", "KiB", "B"]);
  expect(unitsOf({ type: "string" })).toEqual([]);
});

test("a number keeps its unit, and one that is typed counts", () => {
  expect(quantityOf("90d")).toEqual({ number: "90", unit: "d" });
  expect(quantityOf(0)).toEqual({ number: "0", unit: "" });
  expect(quantityIn("1.5", "h")).toBe("1.5h");
  expect(quantityIn("1,5", "h")).toBe("1.5h");
  expect(quantityIn("10 ms", "s")).toBe("10ms");
  expect(quantityIn(" ", "s")).toBeNull();
  for (const other of ["soon", "-1", "1e3", "1.2.3"]) {
    expect(quantityIn(other, "s")).toBe(other);
    expect(quantityOf(other)).toEqual({ number: "", unit: "" });
    expect(typedIn(other, ",")).toBe(other);
  }
  expect(typedIn("1.5h", ",")).toBe("1,5");
  expect(typedIn(null, ",")).toBe("");
});

test("lines are read and written, and nothing is null", () => {
  expect(written("lines", ["a", "b"])).toBe("a\nb");
  expect(read("lines", " a \n\nb")).toEqual(["a", "b"]);
  expect(read("text", " ")).toBeNull();
  expect(read("number", "7")).toBe(7);
});
