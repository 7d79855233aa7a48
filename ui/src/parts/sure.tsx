// A button for what can't be undone: it says so and asks once, in its own place.

import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { t } from "../words/words";

interface Given {
  /** What the button says. */
  readonly label: string;
  /** What is asked before it is done; without it, that it can't be undone. */
  readonly ask?: string;
  /** What to call the button where several say the same. */
  readonly name?: string;
  readonly disabled?: boolean;
  readonly onSure: () => void;
  readonly children?: ComponentChildren;
}

export function Sure({ label, ask, name, disabled = false, onSure, children }: Given) {
  const isAsking = useSignal(false);
  const no = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (isAsking.value) no.current?.focus(); // so that a second Enter does no harm
  }, [isAsking.value]);
  if (!isAsking.value) {
    return (
      <button
        type="button"
        disabled={disabled}
        aria-label={name}
        onClick={() => {
          isAsking.value = true;
        }}
      >
        {label}
      </button>
    );
  }
  return (
    <fieldset class="sure" aria-label={name ?? label}>
      <span class="error">{ask ?? t("sure.for_good")}</span>
      {children}
      <button
        ref={no}
        type="button"
        onClick={() => {
          isAsking.value = false;
        }}
      >
        {t("cancel")}
      </button>
      <button
        type="button"
        class="danger"
        onClick={() => {
          isAsking.value = false;
          onSure();
        }}
      >
        {label}
      </button>
    </fieldset>
  );
}
