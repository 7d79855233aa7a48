// The field for a length of time or a number of bytes: a number, and its unit.

import { useRef } from "preact/hooks";
import { point } from "../words/format";
import { t } from "../words/words";
import { quantityIn, quantityOf, typedIn } from "./quantity";
import { useTyped } from "./typed";

interface Given {
  readonly id: string;
  readonly label?: string | undefined;
  readonly units: readonly string[];
  readonly value: unknown;
  readonly placeholder?: string | undefined;
  readonly disabled?: boolean | undefined;
  readonly onChange: (value: unknown) => void;
}

/** Units that are offered, of those that the server takes: bytes go by steps of 1024. */
const OFFERED = ["ms", "s", "m", "h", "d", "KiB", "MiB", "GiB", "TiB"];
const WORDS = {
  ms: "amount.ms",
  s: "amount.s",
  m: "amount.m",
  h: "amount.h",
  d: "amount.d",
} as const;

export function Amount({ id, label, units, value, placeholder, disabled, onChange }: Given) {
  const found = quantityOf(value);
  const usual = units.includes("MiB") ? "MiB" : "s";
  const last = useRef("");
  if (found.number !== "") last.current = found.unit;
  else if (value === null || value === undefined) last.current = "";
  const unit = found.unit || last.current || quantityOf(placeholder).unit || usual;
  const offered = OFFERED.filter((each) => units.includes(each));
  const shown = typedIn(value, point());
  const typed = useTyped(shown, (number) => onChange(quantityIn(number, unit)));
  return (
    <span class="amount">
      <input
        id={id}
        type="text"
        inputMode="decimal"
        aria-label={label}
        autocomplete="off"
        placeholder={quantityOf(placeholder).number.replace(".", point())}
        disabled={disabled}
        {...typed}
      />
      <select
        aria-label={t("amount.unit", { what: label ?? "" })}
        disabled={disabled}
        value={unit}
        onChange={(event) => onChange(quantityIn(typed.value, event.currentTarget.value))}
      >
        {(offered.includes(unit) ? offered : [unit, ...offered]).map((each) => (
          <option key={each} value={each}>
            {unitWord(each)}
          </option>
        ))}
      </select>
    </span>
  );
}

/** A unit as people read it, of so many; without a number, of several. */
export function unitWord(unit: string, count = 2): string {
  return unit in WORDS ? t(WORDS[unit as keyof typeof WORDS], { count }) : unit;
}

/** A number with its unit as people read it: "90 days". */
export function amountWords(value: unknown): string {
  const { number, unit } = quantityOf(value);
  if (number === "") return String(value ?? "");
  return `${number.replace(".", point())} ${unitWord(unit, Number(number))}`.trim();
}
