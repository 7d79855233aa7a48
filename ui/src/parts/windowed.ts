// Of many rows only those that are seen, and some around them, are in the document; the rest is room
// of about the height that it would take. The row with the focus stays wherever one scrolls to, so
// that keys go on from there.

import { useSignal } from "@preact/signals";
import type { RefObject } from "preact";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";

/** Fewer rows than that are there as a whole, and the browser can search them. */
export const WHOLE = 200;
const AROUND_PX = 400;
/** Before any row was measured. */
const USUAL_PX = 40;
const MOST_KNOWN = 20_000;

/** Rows from one to before another, or the room of as many. */
export interface Piece {
  readonly from: number;
  readonly to: number;
  /** The height of the room; undefined where rows are shown. */
  readonly room?: number;
}

/**
 * Of `count` rows of such heights those between `top` and `bottom`, in px from the first one; and
 * `kept`, wherever it is.
 */
export function piecesOf(
  count: number,
  heightOf: (index: number) => number,
  [top, bottom]: readonly [number, number],
  kept: number,
): Piece[] {
  const pieces: Piece[] = [];
  let end = 0;
  for (let index = 0; index < count; index++) {
    const height = heightOf(index);
    const begin = end;
    end += height;
    const isShown = index === kept || (end >= top && begin <= bottom);
    const last = pieces.at(-1);
    if (last && isShown === (last.room === undefined)) {
      const room = isShown ? {} : { room: (last.room ?? 0) + height };
      pieces[pieces.length - 1] = { from: last.from, to: index + 1, ...room };
    } else {
      pieces.push({ from: index, to: index + 1, ...(!isShown && { room: height }) });
    }
  }
  return pieces;
}

/** Which of the rows with these keys are to be shown within `body`, whose rows have `data-key`. */
export function useWindowed(
  keys: readonly string[],
  body: RefObject<HTMLElement | null>,
  focused: string,
): readonly Piece[] {
  const heights = useRef(new Map<string, number>());
  // Of rows that were never shown. It stays as it is: if it followed what is measured, all that was
  // not would move with each look, and what one looks at with it.
  const usual = useRef<number | null>(null);
  const width = useRef(innerWidth);
  const seen = useSignal<readonly [number, number]>([0, innerHeight]);
  const isWhole = keys.length <= WHOLE;

  useEffect(() => {
    if (isWhole) return;
    const look = () => {
      const top = -(body.current?.getBoundingClientRect().top ?? 0);
      // Only when it has gone on by much: the rows around hold until then.
      if (innerWidth !== width.current) {
        width.current = innerWidth;
        heights.current.clear();
        usual.current = null;
      }
      if (Math.abs(top - seen.value[0]) > AROUND_PX / 3 || innerHeight !== seen.value[1]) {
        seen.value = [top, innerHeight];
      }
    };
    look();
    addEventListener("scroll", look, { passive: true });
    addEventListener("resize", look);
    return () => {
      removeEventListener("scroll", look);
      removeEventListener("resize", look);
    };
  }, [isWhole, body, seen]);

  useLayoutEffect(() => {
    if (isWhole || !body.current) return;
    const known = heights.current;
    if (known.size > MOST_KNOWN) known.clear();
    let sum = 0;
    let number = 0;
    for (const row of body.current.querySelectorAll<HTMLElement>("[data-key]")) {
      const height = row.getBoundingClientRect().height;
      known.set(row.dataset.key as string, height);
      sum += height;
      number++;
    }
    if (number) usual.current ??= sum / number;
  });

  if (isWhole) return [{ from: 0, to: keys.length }];
  const [top, height] = seen.value;
  const heightOf = (index: number): number =>
    heights.current.get(keys[index] as string) ?? usual.current ?? USUAL_PX;
  const around = [top - AROUND_PX, top + height + AROUND_PX] as const;
  return piecesOf(keys.length, heightOf, around, focused ? keys.indexOf(focused) : -1);
}
