import { expect, test } from "vitest";
import { OF_THE_PAGE } from "../src/pages/system/made_of";

test.each(OF_THE_PAGE)("$name is told with the licence that it has", async (told) => {
  const file = `../node_modules/${told.name}/package.json`;
  const { name, version, license } = (await import(file)).default;
  expect(told).toEqual({ name, version, licence: license });
});
