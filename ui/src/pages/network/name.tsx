// One local name: its records, each changed in its place, and what a device is answered now.

import { useSignal } from "@preact/signals";
import { Trouble, useDeed } from "../../parts/deed";
import { Foreign } from "../../parts/foreign";
import { outcomeWord } from "../../parts/outcome";
import { api, type Schemas, told } from "../../server/api";
import { may } from "../../server/reach";
import { duration } from "../../words/format";
import { t } from "../../words/words";
import type { Drafts } from "./drafts";
import { RecordFields } from "./record_fields";
import { askedFor, EMPTY, type Row, recordOf, rowOf, typeAsked } from "./records";
import { Held } from "./reviewed";

const RECORDS = "local.records";

interface Given {
  readonly name: string;
  readonly records: readonly string[];
  readonly drafts: Drafts;
}

export function OneName({ name, records, drafts }: Given) {
  const isOpen = useSignal(false);
  const isFixed = !drafts.mayChange(RECORDS, name);
  const set = (wanted: readonly string[]) => drafts.set(RECORDS, wanted, name);
  return (
    <li>
      <div class="about">
        <p>
          <Foreign text={name} look="isolated strong" />
          {name.startsWith("*.") && <span class="quiet"> {t("network.names.wildcard")}</span>}
        </p>
        {isOpen.value ? (
          <Editor name={name} records={records} onChange={set} />
        ) : (
          <ul class="quiet">
            {records.map((record) => (
              <li key={record}>
                <Foreign text={record} look="rule" />
              </li>
            ))}
          </ul>
        )}
        <Held by={drafts.heldBy(RECORDS, name)} />
      </div>
      <div class="choices">
        {!isFixed && (
          <>
            <button
              type="button"
              aria-expanded={isOpen.value}
              aria-label={t("network.change_of", { name })}
              onClick={() => {
                isOpen.value = !isOpen.value;
              }}
            >
              {t(isOpen.value ? "network.close" : "network.change")}
            </button>
            <button
              type="button"
              aria-label={t("network.remove_of", { name })}
              onClick={() => drafts.remove(RECORDS, name)}
            >
              {t("lists.remove")}
            </button>
          </>
        )}
      </div>
      {may("log:read") && <TryIt name={name} record={records[0] ?? ""} />}
    </li>
  );
}

interface EditorGiven {
  readonly name: string;
  readonly records: readonly string[];
  readonly onChange: (records: readonly string[]) => void;
}

function Editor({ name, records, onChange }: EditorGiven) {
  return (
    <ol class="records" aria-label={t("network.records_of", { name })}>
      {records.map((record, place) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a record is its place while it is typed
        <li key={place} class="naming">
          <RecordFields
            row={rowOf(record)}
            place={place + 1}
            onChange={(row) =>
              onChange(records.map((each, other) => (other === place ? recordOf(row) : each)))
            }
          />
          {records.length > 1 && (
            <button
              type="button"
              aria-label={t("network.remove_of", { name: record })}
              onClick={() => onChange(records.filter((_, other) => other !== place))}
            >
              {t("lists.remove")}
            </button>
          )}
        </li>
      ))}
      <OneMore place={records.length + 1} onAdd={(record) => onChange([...records, record])} />
    </ol>
  );
}

/** An entry that counts from when it says something. */
function OneMore({ place, onAdd }: { place: number; onAdd: (record: string) => void }) {
  const row = useSignal<Row | null>(null);
  function change(wanted: Row): void {
    const isWhole = wanted.data.trim() !== "";
    row.value = isWhole ? null : wanted;
    if (isWhole) onAdd(recordOf(wanted));
  }
  return (
    <li class="naming">
      {row.value ? (
        <RecordFields row={row.value} place={place} onChange={change} />
      ) : (
        <button
          type="button"
          onClick={() => {
            row.value = EMPTY;
          }}
        >
          {t("network.add_record")}
        </button>
      )}
    </li>
  );
}

/** Ask as a device would: what is in force counts, not what is only drafted. */
function TryIt({ name, record }: { name: string; record: string }) {
  const deed = useDeed();
  const answer = useSignal<Schemas["Answered"] | null>(null);
  const ask = () =>
    deed.run(async () => {
      const body = { name: askedFor(name), type: typeAsked(record), client: "" };
      answer.value = await told(api.POST("/query", { body }));
    });
  return (
    <div class="trial">
      <button
        type="button"
        disabled={deed.isBusy.value}
        aria-label={t("network.try_of", { name })}
        onClick={ask}
      >
        {t("network.try")}
      </button>
      <div role="status">{answer.value && <Answer of={answer.value} />}</div>
      <Trouble deed={deed} />
    </div>
  );
}

function Answer({ of }: { of: Schemas["Answered"] }) {
  const { records, rcode, outcome, duration_ms } = of;
  return (
    <>
      <p class="quiet small">
        <Foreign text={`${of.name} ${of.type}`} look="rule" />: {rcode}, {outcomeWord(outcome)},{" "}
        {duration(duration_ms)}
      </p>
      <ul class="small">
        {records.map((each) => (
          <li key={`${each.name} ${each.type} ${each.data}`}>
            <Foreign text={`${each.type} ${each.data}`} look="rule" />
          </li>
        ))}
      </ul>
    </>
  );
}
