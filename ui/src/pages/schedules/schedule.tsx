// One schedule: its week, its windows to change, and the groups and clients that go by it.

import { useSignal } from "@preact/signals";
import { Foreign, Translated } from "../../parts/foreign";
import { Rename } from "../../parts/policy/handling";
import { type Item, type Known, saidBy } from "../../parts/policy/known";
import { type Draft, saidWith } from "../../parts/policy/laid_over";
import { RemovalWithUses } from "../../parts/policy/removal";
import { Saving } from "../../parts/policy/saving";
import type { Said } from "../../parts/policy/traits";
import { api, told } from "../../server/api";
import { may } from "../../server/reach";
import { T } from "../../words/rich";
import { t } from "../../words/words";
import { Followers } from "./followers";
import { inWords, Week } from "./week";
import { WindowForm } from "./window_form";
import { type Opening, openingOf, textOf } from "./windows";

const NEW = "";

interface Given {
  readonly known: Known;
  /** null makes a new one. */
  readonly item: Item | null;
  readonly onChanged: () => Promise<void>;
  /** Somebody else has changed something. */
  readonly onOld: () => Promise<void>;
}

export function Schedule({ known, item, onChanged, onOld }: Given) {
  const stored = { windows: openingsOf(saidBy(item ?? undefined)).map(textOf) };
  const draft = useSignal<Draft | null>(null);
  const name = useSignal(item?.name ?? "");
  /** The hours that the form is open for; others may be added and removed meanwhile. */
  const edited = useSignal<string | null>(item ? null : NEW);
  const drafted = draft.value;
  const openings = openingsOf(saidWith(drafted, stored));
  const canChange = may("settings:write") && !item?.locked;
  const id = `schedule-${item?.name ?? ""}`;
  function set(wanted: readonly Opening[]): void {
    const mine = { windows: wanted.map(textOf) };
    const isSame = JSON.stringify(mine) === JSON.stringify(stored);
    draft.value = isSame ? null : { base: stored, mine };
  }
  function change(index: number, opening: Opening | null): void {
    const before = openings[index];
    if (before && textOf(before) === edited.value) edited.value = opening && textOf(opening);
    if (!before) set(opening ? [...openings, opening] : openings);
    else set(openings.flatMap((each, at) => (at !== index ? [each] : opening ? [opening] : [])));
  }
  const edit = (index: number) => {
    const chosen = openings[index];
    edited.value = chosen ? textOf(chosen) : NEW;
  };
  const at = openings.findIndex((each) => textOf(each) === edited.value);
  const isDifferent = JSON.stringify(openings.map(textOf)) !== JSON.stringify(stored.windows);
  const isReady = isDifferent && openings.length > 0 && name.value.trim() !== "";
  return (
    <section class="card" aria-labelledby={id}>
      <div class="card-head">
        <h2 id={id} class="schedule-name">
          {item ? <Foreign text={item.name} /> : t("schedules.new")}
        </h2>
        {item && canChange && (
          <RemovalWithUses
            known={known}
            used="schedules"
            name={item.name}
            label={t("schedules.remove")}
            remove={() =>
              told(api.DELETE("/schedules/{name}", { params: { path: { name: item.name } } }))
            }
            onRemoved={onChanged}
            onOld={onOld}
          />
        )}
      </div>
      {!item && <NameField name={name} />}
      {item && canChange && (
        <Rename
          name={item.name}
          rename={(other) =>
            told(
              api.POST("/schedules/{name}/rename", {
                params: { path: { name: item.name } },
                body: { to: other, dry_run: false },
              }),
            )
          }
          onRenamed={onChanged}
        />
      )}
      {item?.locked && (
        <p class="quiet">
          <T k="policy.held" values={{ where: <Translated text={item.locked} /> }} />
        </p>
      )}
      <Week
        name={name.value || t("schedules.new")}
        openings={openings}
        onChange={canChange ? change : undefined}
        onChoose={edit}
      />
      <Windows
        openings={openings}
        canChange={canChange}
        onRemove={(index) => change(index, null)}
        onEdit={edit}
      />
      {canChange && edited.value !== null && (
        <WindowForm
          key={edited.value}
          opening={openings[at] ?? null}
          onDone={(opening) => {
            change(at, opening);
            edited.value = null;
          }}
          onCancel={() => {
            edited.value = null;
          }}
        />
      )}
      {item && <Followers known={known} schedule={item.name} />}
      {isReady && (
        <Saving
          changes={[
            {
              key: "schedules",
              item: name.value.trim(),
              action: "set",
              value: { name: name.value.trim(), windows: openings.map(textOf) },
            },
          ]}
          revision={known.revision}
          onOld={onOld}
          done={t("schedules.saved", { name: name.value.trim() })}
          onSaved={async () => {
            await onChanged();
            if (draft.value === drafted) draft.value = null;
          }}
          onDiscard={() => {
            draft.value = null;
            if (!item) onChanged();
          }}
        />
      )}
    </section>
  );
}

const openingsOf = ({ windows = [] }: Said): readonly Opening[] =>
  (windows as readonly string[]).flatMap((text) => {
    const found = openingOf(text);
    return found ? [found] : [];
  });

interface WindowsGiven {
  readonly openings: readonly Opening[];
  readonly canChange: boolean;
  readonly onRemove: (index: number) => void;
  readonly onEdit: (index: number) => void;
}

function Windows({ openings, canChange, onRemove, onEdit }: WindowsGiven) {
  return (
    <>
      <ul class="windows">
        {openings.map((opening, index) => (
          <li key={textOf(opening)}>
            <span>{inWords(opening)}</span>
            {canChange && (
              <span class="choices">
                <button
                  type="button"
                  aria-label={t("schedules.edit_of", { text: inWords(opening) })}
                  onClick={() => onEdit(index)}
                >
                  {t("schedules.edit")}
                </button>
                <button
                  type="button"
                  aria-label={t("policy.remove_of", { name: inWords(opening) })}
                  onClick={() => onRemove(index)}
                >
                  {t("policy.remove")}
                </button>
              </span>
            )}
          </li>
        ))}
      </ul>
      {canChange && (
        <p class="choices">
          <button type="button" onClick={() => onEdit(-1)}>
            {t("schedules.add_window")}
          </button>
          <span class="quiet">{t("schedules.keys")}</span>
        </p>
      )}
    </>
  );
}

function NameField({ name }: { name: { value: string } }) {
  return (
    <input
      type="text"
      aria-label={t("schedules.name")}
      placeholder={t("schedules.name")}
      maxLength={100}
      value={name.value}
      onInput={(event) => {
        name.value = event.currentTarget.value;
      }}
    />
  );
}
