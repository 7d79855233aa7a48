import { expect, test } from "vitest";
import { piecesOf } from "../src/parts/sentence";

test("what is between backticks is told apart", () => {
  expect(piecesOf("`id` tells it; else type `su`.")).toEqual([
    "",
    "id",
    " tells it; else type ",
    "su",
    ".",
  ]);
  expect(piecesOf("nothing to type")).toEqual(["nothing to type"]);
});

test("a backtick without another one stays", () => {
  expect(piecesOf("the rule a`b is wrong")).toEqual(["the rule a`b is wrong"]);
});
