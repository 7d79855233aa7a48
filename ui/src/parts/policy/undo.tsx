// What was changed last, and a way to take it back: it stays over the way to another page.

import { signal } from "@preact/signals";
import { api, type Schemas, told } from "../../server/api";
import { may } from "../../server/reach";
import { t } from "../../words/words";
import { Trouble, useDeed } from "../deed";
import { Foreign } from "../foreign";

const last = signal<{ readonly text: string; readonly number: number } | null>(null);

/** Note what has just been done to the settings, as a text for people. */
export function noteChange(text: string, { number }: Schemas["ChangeResult"]): void {
  last.value = number ? { text, number } : null;
}

/** It, and the button that takes it back; `onUndone` has what is shown read again. */
export function LastChange({ onUndone }: { onUndone: () => void }) {
  const deed = useDeed(onUndone);
  const found = last.value;
  if (!found || !may("settings:write")) return null;
  const params = { path: { number: found.number } };
  async function undo(): Promise<void> {
    const isDone = await deed.run(() =>
      told(api.POST("/settings/revisions/{number}/undo", { params, body: {} })),
    );
    if (isDone) last.value = null;
  }
  return (
    <section class="card last-change" aria-label={t("policy.last_change")}>
      <p role="status">
        <Foreign text={found.text} />
      </p>
      <div class="choices">
        <button type="button" class="main" disabled={deed.isBusy.value} onClick={undo}>
          {t("settings.undo")}
        </button>
        <button
          type="button"
          onClick={() => {
            last.value = null;
          }}
        >
          {t("policy.fine")}
        </button>
      </div>
      <Trouble deed={deed} />
    </section>
  );
}
