// All own rules as a text: in colours, with what is wrong line by line, what a change would have
// done to the last week, and saved as one revision.

import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { Trouble, useDeed } from "../../parts/deed";
import { api, type Schemas, told } from "../../server/api";
import { may } from "../../server/reach";
import { t } from "../../words/words";
import { Complaints, Help, WouldChange } from "./around_editor";
import { type Changes, changesOf, placeOf, textOf } from "./changes";
import { type Checking, MOST_AT_ONCE, useChecking } from "./checking";
import { adopt, base, draft } from "./draft";
import { Typed } from "./typed";

interface Given {
  readonly rules: readonly Schemas["OwnRule"][];
  readonly onChanged: () => void;
}

export function Editor({ rules, onChanged }: Given) {
  const free = rules.filter(({ held_by }) => !held_by);
  const now = free.map(({ rule }) => rule);
  useEffect(() => adopt(now));
  const text = draft.value ?? textOf(now);
  const changes = changesOf(draft.value === null ? now : base.value, text);
  const checking = useChecking(text, changes, rules);
  const area = useRef<HTMLTextAreaElement>(null);
  const saving = useSaving(changes, checking, onChanged);
  const goTo = (line: number) => {
    area.current?.focus();
    area.current?.setSelectionRange(...placeOf(text, line));
  };
  return (
    <>
      <Typed
        area={area}
        text={text}
        checking={checking}
        isFixed={!may("rules:write")}
        onInput={(typed) => {
          draft.value = typed === textOf(base.value) ? null : typed;
        }}
        onSave={saving.save}
      />
      <Complaints complaints={checking.complaints} goTo={goTo} />
      {checking.trouble && (
        <p class="error" role="alert">
          {checking.trouble}
        </p>
      )}
      {may("rules:write") && <Saving changes={changes} saving={saving} checking={checking} />}
      <Help />
    </>
  );
}

interface SavingDone {
  readonly deed: ReturnType<typeof useDeed>;
  readonly canSave: boolean;
  readonly last: Changes | null;
  readonly save: () => void;
  readonly takeBack: () => void;
}

function useSaving(changes: Changes, { isFine }: Checking, onChanged: () => void): SavingDone {
  const deed = useDeed(onChanged);
  const last = useSignal<Changes | null>(null);
  const count = changes.add.length + changes.remove.length;
  const canSave =
    count > 0 && Math.max(changes.add.length, changes.remove.length) <= MOST_AT_ONCE && isFine;
  const change = ({ add, remove }: Changes) =>
    deed.run(async () => {
      const body = { add: [...add], remove: [...remove], note: "" };
      const found = await told(api.PATCH("/rules", { body }));
      draft.value = null;
      adopt(found.rules.filter(({ held_by }) => !held_by).map(({ rule }) => rule));
    });
  const save = async () => {
    if (canSave && (await change(changes))) last.value = changes;
  };
  const takeBack = async () => {
    const done = last.value;
    if (done && (await change({ add: done.remove, remove: done.add }))) last.value = null;
  };
  return { deed, canSave, last: last.value, save, takeBack };
}

interface SavingGiven {
  readonly changes: Changes;
  readonly saving: SavingDone;
  readonly checking: Checking;
}

function Saving({ changes, saving, checking }: SavingGiven) {
  const { deed, canSave, last, save, takeBack } = saving;
  const { add, remove } = changes;
  const isChanged = draft.value !== null;
  const isTooMuch = Math.max(add.length, remove.length) > MOST_AT_ONCE;
  return (
    <div class="saving">
      {isChanged && add.length + remove.length > 0 && (
        <p id="rule-changes" role="status">
          {t("rules.new_ones", { count: add.length })},{" "}
          {t("rules.gone_ones", { count: remove.length })}
        </p>
      )}
      {isTooMuch && <p class="error">{t("rules.too_many", { count: MOST_AT_ONCE })}</p>}
      {canSave && checking.isFine && <WouldChange changes={changes} />}
      <Trouble deed={deed} />
      <p class="choices">
        <button type="button" class="main" disabled={!canSave || deed.isBusy.value} onClick={save}>
          {t("rules.save")}
        </button>
        {isChanged && (
          <button
            type="button"
            onClick={() => {
              draft.value = null;
            }}
          >
            {t("settings.discard")}
          </button>
        )}
        {last && !isChanged && (
          <>
            <span role="status">{t("rules.saved")}</span>
            <button type="button" disabled={deed.isBusy.value} onClick={takeBack}>
              {t("settings.undo")}
            </button>
          </>
        )}
      </p>
    </div>
  );
}
