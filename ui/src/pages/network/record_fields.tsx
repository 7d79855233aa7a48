// The fields of a record: what it is, and its data.

import { useTyped } from "../../parts/typed";
import { type Key, t } from "../../words/words";
import { EXAMPLES, type Row, TYPES, type Type } from "./records";

interface Given {
  readonly row: Row;
  /** Which of the name's records, from 1. */
  readonly place: number;
  readonly onChange: (row: Row) => void;
}

export function RecordFields({ row, place, onChange }: Given) {
  const typed = useTyped(row.data, (data) => onChange({ ...row, data }));
  return (
    <>
      <select
        aria-label={t("network.record_type", { place })}
        value={row.type}
        onChange={(event) => onChange({ ...row, type: event.currentTarget.value as Type })}
      >
        {TYPES.map((type) => (
          <option key={type} value={type}>
            {t(`network.record.${type}` as Key)}
          </option>
        ))}
      </select>
      <input
        type="text"
        required
        spellcheck={false}
        autocapitalize="off"
        maxLength={4000}
        aria-label={t("network.record_data", { place })}
        placeholder={EXAMPLES[row.type]}
        {...typed}
      />
    </>
  );
}
