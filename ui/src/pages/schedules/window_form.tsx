// The form for one window of a schedule: which days, and from when to when.

import { useSignal } from "@preact/signals";
import { t } from "../../words/words";
import { dayName } from "./days";
import { DAYS, minutesOf, type Opening, timeOf } from "./windows";

const EVENING: Opening = { days: DAYS.map(() => true), from: 21 * 60, until: 7 * 60 };

interface Given {
  /** What is changed; null makes a new one. */
  readonly opening: Opening | null;
  readonly onDone: (opening: Opening) => void;
  readonly onCancel: () => void;
}

export function WindowForm({ opening, onDone, onCancel }: Given) {
  const begin = opening ?? EVENING;
  const days = useSignal(begin.days);
  const from = useSignal(timeOf(begin.from));
  const until = useSignal(timeOf(begin.until % 1440));
  const trouble = useSignal("");
  function done(event: Event): void {
    event.preventDefault();
    const [first, last] = [minutesOf(from.value), minutesOf(until.value)];
    const isWhole = days.value.some(Boolean) && first !== null && last !== null;
    trouble.value = isWhole ? "" : t("schedules.incomplete");
    if (isWhole) onDone({ days: days.value, from: first, until: last });
  }
  return (
    <form class="window-form" onSubmit={done}>
      <fieldset class="words">
        <legend class="unseen">{t("schedules.days")}</legend>
        {DAYS.map((name, at) => (
          <label key={name} class="check">
            <input
              type="checkbox"
              checked={days.value[at] ?? false}
              onChange={(event) => {
                const isOn = event.currentTarget.checked;
                days.value = days.value.map((each, index) => (index === at ? isOn : each));
              }}
            />
            {dayName(at)}
          </label>
        ))}
      </fieldset>
      <Time label={t("schedules.from")} value={from} />
      <Time label={t("schedules.until")} value={until} />
      <button type="submit">{t(opening ? "schedules.change" : "schedules.add")}</button>
      <button type="button" onClick={onCancel}>
        {t("cancel")}
      </button>
      <p class="error" role="alert">
        {trouble.value}
      </p>
    </form>
  );
}

function Time({ label, value }: { label: string; value: { value: string } }) {
  return (
    <label>
      {label}
      <input
        type="time"
        required
        value={value.value}
        onInput={(event) => {
          value.value = event.currentTarget.value;
        }}
      />
    </label>
  );
}
