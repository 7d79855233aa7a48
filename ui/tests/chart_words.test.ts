import { expect, test } from "vitest";
import { followed, NOTHING, type Point, type Series } from "../src/parts/chart_words";

const STEP_S = 600;

/** So many steps from a time on, counted in steps. */
function steps(first: number, count: number, step_s = STEP_S): Series {
  const point = (at: number) => ({ time: (first + at) * step_s, queries: 1, blocked: 0 }) as Point;
  return { series: Array.from({ length: count }, (_, at) => point(at)), step_s };
}

test("a time that is marked stays marked while the series goes on", () => {
  const before = steps(100, 10);
  expect(followed({ from: 9, to: 4 }, before, steps(100, 10))).toEqual({ from: 9, to: 4 });
  expect(followed({ from: 9, to: 4 }, before, steps(101, 10))).toEqual({ from: 8, to: 3 });
  expect(followed({ from: 2, to: 4 }, before, steps(103, 10))).toEqual({ from: 0, to: 1 });
  expect(followed({ from: 2, to: 4 }, before, steps(105, 10))).toEqual(NOTHING);
});

test("with other steps what is marked stays where it stands", () => {
  expect(followed({ from: 9, to: 4 }, steps(100, 10), steps(7, 6, 3600))).toEqual({
    from: 5,
    to: 4,
  });
  expect(followed(NOTHING, steps(100, 10), steps(101, 10))).toEqual(NOTHING);
});
