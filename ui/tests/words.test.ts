import "./browser";
import { beforeEach, expect, test } from "vitest";
import german from "../src/words/languages/de.json";
import english from "../src/words/languages/en.json";

const { LANGUAGES, greet, language, locale, pieces, speak, t } = await import("../src/words/words");

beforeEach(() => speak("en"));

test("there are English and German, and each says everything", () => {
  expect([...LANGUAGES].sort()).toEqual(["de", "en"]);
  expect(Object.keys(german)).toEqual(Object.keys(english));
});

test("the browser's language is spoken, as the browser writes numbers", async () => {
  await greet();
  expect([language.value, locale.value]).toEqual(["en", "en-GB"]);
});

test("a text has the form that its number wants", async () => {
  expect(t("queries.count", { count: 1 })).toBe("1 query");
  expect(t("queries.count", { count: 0 })).toBe("0 queries");
  expect(t("queries.count", { count: 12_345 })).toBe("12,345 queries");
  await speak("de");
  expect(t("queries.count", { count: 1 })).toBe("1 Anfrage");
  expect(t("queries.count", { count: 12_345 })).toBe("12.345 Anfragen");
});

test("texts stand in their places and are never read as places themselves", () => {
  expect(t("reach.refused", { text: "{text} {count}" })).toBe("The server says: {text} {count}");
  expect(t("reach.refused", {})).toBe("The server says: ");
});

test("a text in pieces says what goes where", () => {
  expect(pieces("reach.refused", { text: "x" })).toEqual(["The server says: ", { place: "text" }]);
});

test("what nobody has written is said in English", async () => {
  await speak("tlh");
  expect(t("close")).toBe("Close");
});
