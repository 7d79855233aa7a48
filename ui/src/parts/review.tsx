// Changes of the settings before they are made: what they come to, and what is wrong with them.

import { may } from "../server/reach";
import { t } from "../words/words";
import { Trouble } from "./deed";
import { Differences } from "./differences";
import { type ToChange, useSettingsChange } from "./settings_change";

interface Given extends ToChange {
  readonly onDiscard: () => void;
}

/** What the changes come to, as the server sees it, and the button that makes them. */
export function Review({ changes, revision, onOld, onSaved, onDiscard }: Given) {
  const change = useSettingsChange({ changes, revision, onOld, onSaved });
  const { found, trouble, wasOld, deed } = change;
  return (
    <section id="review" class="card review" aria-label={t("settings.review")}>
      <p>
        <strong>{t("settings.changes", { count: changes.length })}</strong>
      </p>
      {wasOld.value && <p role="status">{t("settings.was_old")}</p>}
      {found.value && <Differences result={found.value} />}
      <p class="error" role="status">
        {trouble.value}
      </p>
      <Trouble deed={deed} />
      <div class="choices">
        <button
          type="button"
          class="main"
          disabled={!may("settings:write") || deed.isBusy.value || found.value === null}
          onClick={change.save}
        >
          {t("settings.save")}
        </button>
        <button type="button" onClick={onDiscard}>
          {t("settings.discard")}
        </button>
      </div>
    </section>
  );
}
