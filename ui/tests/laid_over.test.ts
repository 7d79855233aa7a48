import { describe, expect, it } from "vitest";
import { laidOver, saidWith } from "../src/parts/policy/laid_over";

const BASE = {
  name: "kids",
  filtering: true,
  services: ["tiktok", "twitch"],
  safe_search: { google: true, bing: true },
  blocking: { mode: "null_ip" },
  schedules: [
    { when: "bedtime", allow_only: true },
    { when: "homework", services: ["steam"] },
  ],
};

describe("what was changed, over what another saved meanwhile", () => {
  it("is what is there where nothing was changed", () => {
    const now = { ...BASE, allow_only: true };
    expect(saidWith(null, now)).toBe(now);
    expect(laidOver(BASE, BASE, now)).toEqual(now);
  });

  it("keeps the fields of the other, and those that are taken away", () => {
    const { filtering: _, ...mine } = { ...BASE, log: false };
    const { services: __, ...now } = { ...BASE, allow_only: true };
    const { filtering, services, ...rest } = BASE;
    expect(laidOver(BASE, mine, now)).toEqual({ ...rest, log: false, allow_only: true });
  });

  it("has the own value where both changed the same", () => {
    const [mine, now] = [
      { ...BASE, filtering: false, rate_limit: 5 },
      { ...BASE, rate_limit: 9 },
    ];
    expect(laidOver(BASE, mine, now)).toMatchObject({ filtering: false, rate_limit: 5 });
  });

  it("goes on within sections, also where one is no longer there", () => {
    const mine = { ...BASE, safe_search: { bing: true }, blocking: { mode: "nxdomain" } };
    const now = {
      ...BASE,
      safe_search: { google: true, bing: false },
      blocking: { mode: "null_ip", ttl: "1m" },
      builtin: { discovery: false },
    };
    expect(laidOver(BASE, mine, now)).toMatchObject({
      safe_search: { bing: false },
      blocking: { mode: "nxdomain", ttl: "1m" },
      builtin: { discovery: false },
    });
    const base = { name: "kids", safe_search: { google: true } };
    const both = { name: "kids", safe_search: { google: true, bing: true } };
    expect(laidOver(base, { name: "kids" }, both)).toEqual({
      name: "kids",
      safe_search: { bing: true },
    });
    expect(laidOver(base, { name: "kids" }, base)).toEqual({ name: "kids" });
  });

  it("has words that either added, and lacks those that either removed", () => {
    const mine = { ...BASE, services: ["tiktok", "steam"] };
    const now = { ...BASE, services: ["twitch", "roblox"] };
    expect(laidOver(BASE, mine, now).services).toEqual(["roblox", "steam"]);
    expect(laidOver({}, { services: ["steam"] }, { services: ["roblox"] }).services).toEqual([
      "steam",
    ]);
    expect(laidOver({ lists: "all" }, { lists: ["A"] }, { lists: ["B"] }).lists).toEqual(["A"]);
  });

  it("goes on within each schedule", () => {
    const [bedtime, homework] = BASE.schedules;
    const mine = { ...BASE, schedules: [{ ...bedtime, log: false }, homework] };
    const now = {
      ...BASE,
      schedules: [
        { ...bedtime, filtering: false },
        { when: "weekend", filtering: false },
      ],
    };
    expect(laidOver(BASE, mine, now).schedules).toEqual([
      { when: "bedtime", allow_only: true, filtering: false, log: false },
      { when: "weekend", filtering: false },
    ]);
  });

  it("has a schedule that was changed here and removed there, with what was changed", () => {
    const [bedtime, homework] = BASE.schedules;
    const mine = { ...BASE, schedules: [{ ...bedtime, log: false }, homework] };
    const now = { ...BASE, schedules: [homework, { when: "weekend" }] };
    expect(laidOver(BASE, mine, now).schedules).toEqual([
      homework,
      { when: "weekend" },
      { when: "bedtime", log: false },
    ]);
    const { schedules: _, ...without } = BASE;
    const more = { ...BASE, schedules: [...BASE.schedules, { when: "weekend" }] };
    expect(laidOver(BASE, without, more).schedules).toEqual([{ when: "weekend" }]);
    const less = { ...BASE, schedules: [homework] };
    expect(laidOver(less, without, less).schedules).toBeUndefined();
  });

  it("has the order of schedules of whoever changed it", () => {
    const [bedtime, homework] = BASE.schedules;
    const turned = { ...BASE, schedules: [homework, bedtime] };
    const more = { ...BASE, schedules: [...BASE.schedules, { when: "weekend" }] };
    const names = (said: object) => (said as typeof BASE).schedules.map(({ when }) => when);
    expect(names(laidOver(BASE, turned, more))).toEqual(["homework", "bedtime", "weekend"]);
    expect(names(laidOver(BASE, more, turned))).toEqual(["homework", "bedtime", "weekend"]);
  });
});
