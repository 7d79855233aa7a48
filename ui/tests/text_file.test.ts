import { expect, test } from "vitest";
import { MOST_BYTES, textOf } from "../src/pages/network/text_file";

const bytes = (...each: number[]) => new Blob([new Uint8Array(each)]);

test("a text is taken as it is", async () => {
  expect(await textOf(new Blob(["-----BEGIN\nmünchen"]))).toEqual({ text: "-----BEGIN\nmünchen" });
  expect(await textOf(new Blob(["a".repeat(MOST_BYTES)]))).toHaveProperty("text");
});

test("what is too large, or no text, is told", async () => {
  expect(await textOf(new Blob(["a".repeat(MOST_BYTES + 1)]))).toEqual({ unfit: "too_large" });
  expect(await textOf(bytes(0x30, 0x82, 0x03))).toEqual({ unfit: "no_text" });
  expect(await textOf(bytes(0x61, 0x00, 0x62))).toEqual({ unfit: "no_text" });
});
