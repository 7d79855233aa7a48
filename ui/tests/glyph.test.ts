import { expect, it } from "vitest";
import { glyphOf, lettersOf } from "../src/pages/services/glyph";

it("has the letters of the name", () => {
  expect(lettersOf("TikTok")).toBe("T");
  expect(lettersOf("Apple TV+")).toBe("AT");
  expect(lettersOf("9GAG")).toBe("9");
  expect(lettersOf("")).toBe("?");
});

it("is the same for the same name, and has a shape for every group", () => {
  expect(glyphOf("TikTok", "social_network")).toEqual(glyphOf("TikTok", "social_network"));
  expect(glyphOf("TikTok", "social_network").path).not.toBe(glyphOf("TikTok", "gaming").path);
  expect(glyphOf("New", "not known yet").path).not.toBe("");
});
