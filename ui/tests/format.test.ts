import "./browser";
import { beforeEach, expect, test } from "vitest";

const { speak } = await import("../src/words/words");
const format = await import("../src/words/format");

beforeEach(() => speak("en"));

test.each([
  [null, "–"],
  [undefined, "–"],
  [0.004, "< 0.01 ms"],
  [0.426, "0.43 ms"],
  [9.94, "9.9 ms"],
  [11.8, "12 ms"],
  [999.4, "999 ms"],
  [1500, "1.5 s"],
])("%s ms are %s", (ms, text) => {
  expect(format.duration(ms)).toBe(text);
});

test.each([
  [0, "0 B"],
  [1023, "1,023 B"],
  [1536, "1.5 KiB"],
  [32 * 2 ** 20, "32 MiB"],
  [2 ** 50, "1,024 TiB"],
])("%s bytes are %s", (bytes, text) => {
  expect(format.size(bytes)).toBe(text);
});

test.each([
  [0, "0 s"],
  [59, "59 s"],
  [320, "5 min 20 s"],
  [3900, "1 h 5 min"],
  [3 * 86_400 + 4 * 3600 + 59, "3 d 4 h"],
  [86_400, "1 d"],
])("%s seconds are %s", (seconds, text) => {
  expect(format.span(seconds)).toBe(text);
});

test.each([
  [10, "just now"],
  [-100, "just now"],
  [60, "1 minute ago"],
  [5 * 3600, "5 hours ago"],
  [86_400, "yesterday"],
])("%s seconds before now are %s", (seconds, text) => {
  expect(format.ago(1_800_000_000 - seconds, 1_800_000_000)).toBe(text);
});

test("numbers are written as the language does", async () => {
  expect([format.count(12_345), format.percent(41.25)]).toEqual(["12,345", "41.3%"]);
  await speak("de");
  expect([format.count(12_345), format.percent(41.25)]).toEqual(["12.345", "41,3\u00a0%"]);
  expect(format.duration(0.426)).toBe("0,43 ms");
});

test("what is not seen is written out, and letters of any language stay", () => {
  expect(format.visible("a\u202eb\u0000\u200b\ufeff\u{e0041}")).toBe(
    "a\\u{202e}b\\u{0}\\u{200b}\\u{feff}\\u{e0041}",
  );
  expect(format.visible("münchen 東京 \u{1f600}")).toBe("münchen 東京 \u{1f600}");
});
