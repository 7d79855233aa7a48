// Asking again and again while somebody looks.

import { type ReadonlySignal, useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { Refused, within } from "./api";
import { attempt, forget } from "./reach";

const AGAIN_MS = 5_000;

/** What was read last, undefined before; a way to have it read at once, which ends with that; and one
 *  to say what it is, for who changed it and was told. */
export interface Polled<T> {
  readonly last: ReadonlySignal<T | undefined>;
  readonly now: () => Promise<void>;
  readonly take: (newest: T) => void;
}

/**
 * Reads now, `everyMs` after each end, and at once when one of `wanted` is another (but not when
 * `everyMs` is); not while the tab is hidden. A run that is under way is aborted by the next one, so
 * an old answer never comes over a newer one. With `everyMs` null it is read once, and again only
 * while that fails and may do better.
 */
export function usePolled<T>(
  what: string,
  read: (signal: AbortSignal) => Promise<T>,
  everyMs: number | null,
  wanted: readonly unknown[] = [],
): Polled<T> {
  const last = useSignal<T | undefined>(undefined);
  const again = useRef(async () => {});
  const plan = useRef(() => {});
  const put = useRef((_newest: T) => {});
  const every = useRef(everyMs);
  every.current = everyMs;
  // biome-ignore lint/correctness/useExhaustiveDependencies: `wanted` says when `read` is another
  useEffect(() => {
    let run = new AbortController();
    let timer = 0;
    let isReading = false;
    let isSettled = false; // read, or refused so that it would be again
    function later(): void {
      clearTimeout(timer);
      const ms = every.current ?? (isSettled ? null : AGAIN_MS);
      if (isReading || document.hidden || ms === null) return;
      timer = window.setTimeout(now, ms);
    }
    async function now(): Promise<void> {
      clearTimeout(timer);
      run.abort();
      const mine = new AbortController();
      run = mine;
      isReading = true;
      isSettled = false;
      await attempt(what, async () => {
        const read_ = await read(within(mine.signal)).catch((error) => {
          isSettled = error instanceof Refused && error.isFinal;
          throw error;
        });
        if (mine.signal.aborted) return;
        isSettled = true;
        last.value = read_;
      });
      if (mine.signal.aborted) return;
      isReading = false;
      later();
    }
    function take(newest: T): void {
      run.abort();
      isReading = false;
      isSettled = true;
      last.value = newest;
      later();
    }
    function onVisible(): void {
      if (document.hidden) clearTimeout(timer);
      else now();
    }
    again.current = now;
    plan.current = later;
    put.current = take;
    document.addEventListener("visibilitychange", onVisible);
    now();
    return () => {
      document.removeEventListener("visibilitychange", onVisible);
      clearTimeout(timer);
      run.abort();
      forget(what);
    };
  }, [what, ...wanted]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: as soon as it is another
  useEffect(() => plan.current(), [everyMs]);
  return { last, now: () => again.current(), take: (newest) => put.current(newest) };
}
