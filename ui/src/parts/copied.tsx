// A text to take elsewhere: shown whole, with a button that copies it.

import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { t } from "../words/words";
import { Foreign } from "./foreign";

interface Given {
  readonly text: string;
  /** What it is, for those who can't see it, and for the button. */
  readonly label: string;
}

export function Copied({ text, label }: Given) {
  const said = useSignal("");
  const shown = useRef<HTMLElement>(null);

  /** Browsers give the clipboard to pages over HTTPS alone: elsewhere the text is chosen, to be
   *  copied by hand. */
  async function copy(): Promise<void> {
    try {
      await navigator.clipboard.writeText(text);
      said.value = t("copied.done");
    } catch {
      if (shown.current) getSelection()?.selectAllChildren(shown.current);
      said.value = t("copied.chosen");
    }
  }
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for what is filled in
    <div class="copied" role="group" aria-label={label}>
      <code ref={shown}>
        {text
          .split("\n")
          .map((line, place) => [place > 0 && "\n", <Foreign key={line} text={line} />])}
      </code>
      <button type="button" aria-label={t("copied.copy_of", { what: label })} onClick={copy}>
        {t("copied.copy")}
      </button>
      <span class="quiet small" role="status">
        {said.value}
      </span>
    </div>
  );
}
