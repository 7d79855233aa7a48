// Something that a click does: one at a time, and what went wrong said beside it.

import { type ReadonlySignal, useSignal } from "@preact/signals";
import { useMemo } from "preact/hooks";
import { atTheDoor, wordsOf } from "../server/reach";

export interface Deed {
  readonly isBusy: ReadonlySignal<boolean>;
  /** What went wrong last; "" where nothing did. */
  readonly trouble: ReadonlySignal<string>;
  /** Do it, unless something is being done; whether that went well. */
  readonly run: (work: () => Promise<unknown>) => Promise<boolean>;
}

/** `onDone` is called after each, however it went. */
export function useDeed(onDone: () => void = () => {}): Deed {
  const isBusy = useSignal(false);
  const trouble = useSignal("");
  const run = async (work: () => Promise<unknown>): Promise<boolean> => {
    if (isBusy.value) return false;
    isBusy.value = true;
    trouble.value = "";
    try {
      await work();
      return true;
    } catch (error) {
      if (!(await atTheDoor(error))) trouble.value = wordsOf(error);
      return false;
    } finally {
      isBusy.value = false;
      onDone();
    }
  };
  // biome-ignore lint/correctness/useExhaustiveDependencies: the signals stay, `run` may be newer
  return useMemo(() => ({ isBusy, trouble, run }), [onDone]);
}

export function Trouble({ deed }: { deed: Deed }) {
  return (
    <p class="error" role="alert">
      {deed.trouble.value}
    </p>
  );
}
