// Fields for values that have parts: one value or several by name, lists of such, a file or none.

import { t } from "../words/words";
import { Control } from "./control";
import { type Accepts, aloneOf, partsOf } from "./kind";
import { useTyped } from "./typed";

interface Given {
  readonly id: string;
  readonly label?: string | undefined;
  readonly accepts: Accepts;
  readonly value: unknown;
  readonly disabled?: boolean | undefined;
  readonly wordOf?: ((choice: string) => string) | undefined;
  readonly onChange: (value: unknown) => void;
}

type Parts = Readonly<Record<string, unknown>>;

const isParts = (value: unknown): value is Parts =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Without what says nothing. */
const filled = (parts: Parts): Parts =>
  Object.fromEntries(Object.entries(parts).filter(([, value]) => value !== null));

/** One value for everything, or one for each part. */
export function PartsOf({ id, label, accepts, value, disabled, wordOf, onChange }: Given) {
  const alone = aloneOf(accepts);
  const parts = partsOf(accepts) ?? {};
  const isApart = isParts(value) || !alone;
  const chosen = isParts(value) ? value : {};
  return (
    <fieldset id={isApart ? id : undefined} class="parts" aria-label={label} disabled={disabled}>
      {!isApart && alone && (
        <Control id={id} label={label} accepts={alone} value={value} onChange={onChange} />
      )}
      {alone && (
        <label class="check">
          <input
            type="checkbox"
            class="toggle"
            checked={isApart}
            onChange={(event) => {
              const [first] = Object.keys(parts);
              const whole = Object.values(chosen)[0] ?? null;
              onChange(event.currentTarget.checked && first ? { [first]: value } : whole);
            }}
          />
          {t("field.apart")}
        </label>
      )}
      {isApart &&
        Object.entries(parts).map(([name, each]) => (
          <label key={name} class="part" htmlFor={`${id}.${name}`}>
            <span>{wordOf?.(name) ?? name}</span>
            <Control
              id={`${id}.${name}`}
              label={`${label ?? ""} ${wordOf?.(name) ?? name}`.trim()}
              accepts={each}
              value={chosen[name] ?? null}
              onChange={(part) => onChange(filled({ ...chosen, [name]: part }))}
            />
          </label>
        ))}
    </fieldset>
  );
}

/** Any number of values that have parts; one of which only the first part is said stands alone. */
export function Rows({ id, label, accepts, value, disabled, onChange }: Given) {
  const items = accepts.items ?? {};
  const parts = Object.entries(partsOf(items) ?? {});
  const first = parts[0]?.[0] ?? "";
  const rows = ((value ?? []) as readonly unknown[]).map((each) =>
    isParts(each) ? each : { [first]: each },
  );
  const isAlone = aloneOf(items) !== undefined;
  function change(changed: readonly Parts[]): void {
    const whole = changed.map(filled).filter((row) => row[first] !== undefined);
    onChange(whole.map((row) => (isAlone && Object.keys(row).length === 1 ? row[first] : row)));
  }
  const set = (index: number, name: string, part: unknown) =>
    change(rows.map((row, at) => (at === index ? { ...row, [name]: part } : row)));
  const fields = (row: Parts, index: number) =>
    parts.map(([name, each]) => (
      <Control
        key={name}
        id={index === 0 && name === first ? id : `${id}.${index}.${name}`}
        label={`${label ?? ""} ${index + 1}: ${name}`.trim()}
        accepts={each}
        value={row[name] ?? null}
        placeholder={name}
        disabled={disabled ?? false}
        onChange={(part) => set(index, name, part)}
      />
    ));
  return (
    <div class="field-rows">
      {rows.map((row, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: rows have no other name, and order counts
        <div key={index} class="field-row">
          {fields(row, index)}
          {!disabled && (
            <button
              type="button"
              aria-label={`${t("lists.remove")}: ${label ?? ""} ${index + 1}`}
              onClick={() => change(rows.filter((_, at) => at !== index))}
            >
              {t("lists.remove")}
            </button>
          )}
        </div>
      ))}
      {!disabled && (
        <Control
          key={rows.length}
          id={rows.length === 0 ? id : `${id}.new`}
          label={t("field.one_more", { what: label ?? "" })}
          accepts={{ type: "string" }}
          value={null}
          placeholder={t("field.more")}
          onChange={(part) => change([...rows, { [first]: part }])}
        />
      )}
    </div>
  );
}

/** What the server makes of "the usual one". */
const USUAL = "/etc/hosts";

/** A file, the usual one, or none. */
export function PathOf({ id, label, value, disabled, onChange }: Given) {
  const isUsual = value === true || value === USUAL;
  const kind = value === false || value == null ? "none" : isUsual ? "usual" : "file";
  const path = kind === "file" ? String(value) : "";
  const typed = useTyped(path, (text) => onChange(text.trim() || USUAL));
  return (
    <span class="parts">
      <select
        id={id}
        aria-label={label}
        disabled={disabled}
        value={kind}
        onChange={(event) => onChange(event.currentTarget.value === "none" ? false : USUAL)}
      >
        <option value="none">{t("field.no_file")}</option>
        <option value="usual">{t("field.usual_file")}</option>
        {kind === "file" && <option value="file">{t("field.this_file")}</option>}
      </select>
      {kind !== "none" && (
        <input
          type="text"
          aria-label={`${label ?? ""} ${t("field.this_file")}`.trim()}
          spellcheck={false}
          placeholder={t("field.this_file")}
          disabled={disabled}
          {...typed}
        />
      )}
    </span>
  );
}
