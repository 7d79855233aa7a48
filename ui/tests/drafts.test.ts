import "./browser";
import { expect, test } from "vitest";

const { discard, draft, drafts } = await import("../src/pages/settings/drafts");

const to = (key: string, value: number) => ({ key, item: "", action: "set" as const, value });

test("what is drafted while something is saved stays when that is no draft any more", () => {
  for (const key of ["a", "b"]) draft(key, to(key, 1));
  const saved = drafts();
  draft("b", to("b", 2));
  draft("c", to("c", 1));
  discard(saved);
  expect([...drafts().values()]).toEqual([to("b", 2), to("c", 1)]);
  discard();
  expect(drafts().size).toBe(0);
});
