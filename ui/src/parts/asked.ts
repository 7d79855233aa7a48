// Asking the server while somebody chooses or types: the newest question counts.

import { type ReadonlySignal, useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { isAborted, within } from "../server/api";
import { atTheDoor, wordsOf } from "../server/reach";

/** How long somebody who types is waited for. */
export const TYPING_MS = 300;

export interface Asked<T> {
  /** What the server said to the newest question that it has answered; null where nothing is asked,
   *  and where it could not be. */
  readonly found: ReadonlySignal<T | null>;
  /** What is wrong with the question, in words; "" for nothing. */
  readonly trouble: ReadonlySignal<string>;
  /** Waits no longer for the answer to what was asked last. */
  readonly giveUp: () => void;
  /** What was found counts no more. */
  readonly forget: () => void;
}

/**
 * Asks what `body` says, when it has been the same for `waitMs`; null asks nothing. A question that
 * is under way is given up for a newer one, so an old answer never comes over a newer one.
 */
export function useAsked<Body, T>(
  body: Body | null,
  ask: (body: Body, signal: AbortSignal) => Promise<T>,
  waitMs = 0,
): Asked<T> {
  const found = useSignal<T | null>(null);
  const trouble = useSignal("");
  const giveUp = useRef(() => {});
  const wanted = JSON.stringify(body);
  // biome-ignore lint/correctness/useExhaustiveDependencies: `wanted` stands for `body`
  useEffect(() => {
    if (body === null) {
      found.value = null;
      trouble.value = "";
      return;
    }
    const ended = new AbortController();
    const timer = setTimeout(() => {
      ask(body, within(ended.signal)).then(
        (answer) => {
          found.value = answer;
          trouble.value = "";
        },
        (error: unknown) => {
          if (isAborted(error)) return;
          found.value = null;
          trouble.value = wordsOf(error);
          void atTheDoor(error);
        },
      );
    }, waitMs);
    giveUp.current = () => {
      clearTimeout(timer);
      ended.abort();
    };
    return giveUp.current;
  }, [wanted]);
  const forget = () => {
    found.value = null;
  };
  return { found, trouble, giveUp: () => giveUp.current(), forget };
}
