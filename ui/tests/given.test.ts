import "./browser";
import { beforeEach, expect, test } from "vitest";

const { givenWords } = await import("../src/pages/audit/given");
const { speak } = await import("../src/words/words");

beforeEach(() => speak("de"));

const CHOSEN = { name: "allow", action: "allow", scope: "everybody", seconds: 600 };

test("what was given is told by its fields, in the reader's language", async () => {
  expect(givenWords(CHOSEN)).toBe(
    "Name: allow, Aktion: erlauben, für wen oder was: alle, für: 10 min",
  );
  await speak("en");
  expect(givenWords(CHOSEN)).toBe(
    "name: allow, action: allow, for whom or what: everybody, for: 10 min",
  );
});

test("one value stands by itself, and what was not given is left out", () => {
  expect(givenWords({ name: "group", note: "", below: false, until: null })).toBe("group");
  expect(givenWords({ with_log: true })).toBe("mit dem Protokoll");
  expect(givenWords({ role: "viewer" })).toBe("Zuschauer");
  expect(givenWords({ seconds: "soon" })).toBe("soon");
  expect(givenWords({})).toBe("");
});

test("fields and values that nobody knows stay as they are", () => {
  expect(givenWords({ moon: "full", kind: "cheese", rules: ["||a^"] })).toBe(
    'moon: full, Art: cheese, Regeln: ["||a^"]',
  );
});
