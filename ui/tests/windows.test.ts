import { describe, expect, it } from "vitest";
import { moved, openingOf, stretched, stretchesOf, textOf } from "../src/pages/schedules/windows";

const opening = (text: string) => {
  const found = openingOf(text);
  if (!found) throw new Error(text);
  return found;
};

describe("windows of the week", () => {
  it.each([
    "mon-thu,sun 21:00-07:00",
    "fri,sat 22:30-08:00",
    "daily 12:00-13:00",
    "wed 00:00-24:00",
    "mon,wed,fri-sun 06:05-06:10",
  ])("%s is read and written alike", (text) => {
    expect(textOf(opening(text))).toBe(text);
  });

  it("days may go around the end of the week", () => {
    expect(textOf(opening("sat-mon 9:00-10:00"))).toBe("mon,sat,sun 09:00-10:00");
  });

  it.each(["", "noday 9:00-10:00", "mon 9-10", "mon 24:00-25:00", "mon 9:60-10:00"])(
    "%j is no window",
    (text) => expect(openingOf(text)).toBeNull(),
  );

  it("over midnight is cut in two, and the rest is of the next day", () => {
    expect(stretchesOf(opening("sun 22:00-07:00"))).toEqual([
      { day: 6, from: 1320, until: 1440, isRest: false },
      { day: 0, from: 0, until: 420, isRest: true },
    ]);
    expect(stretchesOf(opening("mon 22:00-00:00"))).toHaveLength(1);
  });

  it("moves around the clock and keeps its length", () => {
    expect(textOf(moved(opening("mon 23:50-00:20"), 15))).toBe("mon 00:05-00:35");
    expect(textOf(moved(opening("mon 00:05-00:35"), -15))).toBe("mon 23:50-00:20");
  });

  it("grows and shrinks, but neither to nothing nor over a day", () => {
    expect(textOf(stretched(opening("mon 22:00-23:50"), 15))).toBe("mon 22:00-00:05");
    expect(textOf(stretched(opening("mon 22:00-22:15"), -15))).toBe("mon 22:00-22:15");
    expect(textOf(stretched(opening("mon 22:00-22:00"), 15))).toBe("mon 22:00-22:00");
  });
});
