// One local name more, with its first record.

import { useSignal } from "@preact/signals";
import { t } from "../../words/words";
import { RecordFields } from "./record_fields";
import { EMPTY, type Row, recordOf } from "./records";

interface Given {
  readonly taken: readonly string[];
  readonly onAdd: (name: string, record: string) => void;
}

export function NewName({ taken, onAdd }: Given) {
  const name = useSignal("");
  const row = useSignal<Row>(EMPTY);
  function add(event: Event): void {
    event.preventDefault();
    const wanted = name.value.trim();
    if (taken.includes(wanted)) return;
    onAdd(wanted, recordOf(row.value));
    name.value = "";
    row.value = EMPTY;
  }
  return (
    <form class="naming" onSubmit={add}>
      <input
        id="new-name"
        type="text"
        required
        spellcheck={false}
        autocapitalize="off"
        maxLength={1000}
        aria-label={t("network.new_name")}
        placeholder="nas.home"
        value={name.value}
        onInput={(event) => {
          name.value = event.currentTarget.value;
        }}
      />
      <RecordFields
        row={row.value}
        place={1}
        onChange={(wanted) => {
          row.value = wanted;
        }}
      />
      <button type="submit">{t("network.add_name")}</button>
    </form>
  );
}
