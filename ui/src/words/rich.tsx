// A text with elements in its places.

import type { ComponentChildren } from "preact";
import { type Key, pieces, t } from "./words";

interface Values {
  readonly [place: string]: ComponentChildren;
}

/** The text of a key; what is no string or number of `values` goes in as the element it is. */
export function T({ k, values = {} }: { k: Key; values?: Values }) {
  return (
    <>
      {pieces(k, values).map((piece) =>
        typeof piece === "string" ? piece : filled(values[piece.place]),
      )}
    </>
  );
}

const filled = (value: ComponentChildren): ComponentChildren =>
  typeof value === "number" ? t("number", { value }) : value;
