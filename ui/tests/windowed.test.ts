import "./browser";
import { expect, test } from "vitest";
import { piecesOf } from "../src/parts/windowed";

const ten = () => 10;

test("only rows between two edges are shown, and room is left for the others", () => {
  expect(piecesOf(100, ten, [200, 300], -1)).toEqual([
    { from: 0, to: 19, room: 190 },
    { from: 19, to: 31 },
    { from: 31, to: 100, room: 690 },
  ]);
});

test("the row with the focus is there wherever it is", () => {
  expect(piecesOf(10, ten, [0, 15], 7)).toEqual([
    { from: 0, to: 2 },
    { from: 2, to: 7, room: 50 },
    { from: 7, to: 8 },
    { from: 8, to: 10, room: 20 },
  ]);
  expect(piecesOf(4, ten, [0, 100], 2)).toEqual([{ from: 0, to: 4 }]);
});

test("heights may differ, and no row is in two pieces or in none", () => {
  const heightOf = (index: number) => (index % 7) * 9 + 20;
  for (const top of [0, 333, 5_000, 99_999]) {
    const pieces = piecesOf(300, heightOf, [top, top + 900], 299);
    expect(pieces[0]?.from).toBe(0);
    expect(pieces.at(-1)?.to).toBe(300);
    expect(pieces.slice(1).map(({ from }) => from)).toEqual(
      pieces.slice(0, -1).map(({ to }) => to),
    );
    for (const { from, to, room } of pieces) {
      if (room === undefined) continue;
      let sum = 0;
      for (let index = from; index < to; index++) sum += heightOf(index);
      expect(room).toBe(sum);
    }
  }
});

test("without rows there is nothing", () => {
  expect(piecesOf(0, ten, [0, 900], -1)).toEqual([]);
});
