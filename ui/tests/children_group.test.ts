import { expect, test } from "vitest";
import "./browser";
import { childrenOf, nameOf, readGroup } from "../src/pages/start/children_group";

const MADE = {
  categories: ["adult"],
  services: ["group:dating", "tiktok"],
  safe_search: { google: true, youtube: "strict" },
};

test("the group is found by its name, in any letter case, whatever it says", () => {
  const groups = [{ name: "Kinder", value: MADE }, { name: "Children" }];
  expect(childrenOf(groups)?.name).toBe("Children");
  expect(childrenOf([])).toBeUndefined();
  expect(nameOf(undefined)).toBe("children");
});

test("one that has another name since is found by what it says", () => {
  const groups = [
    { name: "default", value: MADE },
    { name: "things", value: { services: ["tiktok"] } },
    { name: "Kinder", value: { ...MADE, categories: [] } },
  ];
  expect(nameOf(childrenOf(groups))).toBe("Kinder");
});

test("one that says some of it only is another one", () => {
  expect(childrenOf([{ name: "kids", value: { ...MADE, categories: null } }])).toBeUndefined();
  expect(childrenOf([{ name: "default", value: MADE }])).toBeUndefined();
});

test("what it says is read", () => {
  expect(readGroup(MADE)).toEqual({ isSafe: true, categories: ["adult"], kinds: ["dating"] });
  expect(readGroup(undefined)).toEqual({ isSafe: false, categories: [], kinds: [] });
});
