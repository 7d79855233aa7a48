// A text that counts when one leaves its field: until then what is typed stays, whatever of the page
// is read anew meanwhile.

import { useSignal } from "@preact/signals";
import type { TargetedEvent } from "preact";

type Field = HTMLInputElement | HTMLTextAreaElement;

/** What a field of this text needs; `onDone` is told what was typed. */
export function useTyped(text: string, onDone: (typed: string) => void) {
  const typed = useSignal<string | null>(null);
  return {
    value: typed.value ?? text,
    onInput: ({ currentTarget }: TargetedEvent<Field>) => {
      typed.value = currentTarget.value;
    },
    onChange: ({ currentTarget }: TargetedEvent<Field>) => {
      typed.value = null;
      onDone(currentTarget.value);
    },
    // Nothing is told of what was typed and taken back.
    onBlur: () => {
      typed.value = null;
    },
  };
}
