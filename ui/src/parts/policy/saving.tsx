// A changed item of the settings before it is saved: what is different in words, what that would have
// done, and the button.

import type { Schemas } from "../../server/api";
import { t } from "../../words/words";
import { Trouble } from "../deed";
import { Foreign } from "../foreign";
import { type ToChange, useSettingsChange } from "../settings_change";
import { traitName, valueText } from "./naming";
import { differencesOf, type Said } from "./traits";
import { Tried } from "./tried";
import { noteChange } from "./undo";

interface Given extends ToChange {
  /** What is told when it is done. */
  readonly done: string;
  readonly called?: (word: string) => string;
  readonly onDiscard: () => void;
}

export function Saving({ changes, revision, onOld, done, called, onSaved, onDiscard }: Given) {
  const change = useSettingsChange({ changes, revision, onOld, onSaved });
  const { found, trouble, wasOld, deed } = change;
  async function save(): Promise<void> {
    const result = await change.save();
    if (result) noteChange(done, result);
  }
  return (
    <section id="saving" class="card review" aria-label={t("settings.review")}>
      {wasOld.value && <p role="status">{t("settings.was_old")}</p>}
      <ul class="rules">
        {found.value?.differences.map((place) => (
          <Place key={`${place.key} ${place.item}`} place={place} called={called} />
        ))}
      </ul>
      {found.value && <Tried changes={changes} revision={revision} />}
      <p class="error" role="alert">
        {trouble.value}
      </p>
      <Trouble deed={deed} />
      <div class="choices">
        <button
          type="button"
          class="main"
          disabled={deed.isBusy.value || found.value === null}
          onClick={save}
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

interface PlaceGiven {
  readonly place: Schemas["ChangedPlace"];
  readonly called?: ((word: string) => string) | undefined;
}

function Place({ place: { item, before, after }, called }: PlaceGiven) {
  const differences = differencesOf(before as Said | null, after as Said | null);
  return (
    <>
      {differences.map((each) => (
        <li key={each.path}>
          <span>
            <Foreign text={item} look="isolated strong" /> · {traitName(each.path)}:{" "}
            <del>
              <Foreign text={shown(each.path, each.before, called)} />
            </del>{" "}
            → <Foreign text={shown(each.path, each.after, called)} look="isolated strong" />
          </span>
        </li>
      ))}
    </>
  );
}

/** Schedules of an item are several traits each, which are told as they are written. */
function shown(path: string, value: unknown, called?: (word: string) => string): string {
  if (value === undefined) return t("trait.not_said");
  if (path !== "schedules") return valueText(path, value, called);
  const turns = value as readonly Said[];
  return turns.map((turn) => turnText(turn, called)).join("; ") || t("trait.nothing");
}

function turnText(turn: Said, called?: (word: string) => string): string {
  return `${String(turn.when)} (${changesText(turn, called)})`;
}

/** What a schedule changes: "only what is allowed: yes". */
export function changesText(turn: Said, called?: (word: string) => string): string {
  const parts = differencesOf({}, turn)
    .filter(({ path }) => path !== "when")
    .map(({ path, after }) => `${traitName(path)}: ${valueText(path, after, called)}`);
  return parts.join(", ") || t("trait.nothing");
}
