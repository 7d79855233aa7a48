// When it is asked: now, or at a time of a day of the week to come.

import { locale, t } from "../../words/words";

const DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;
const MONDAY_MS = Date.UTC(2024, 0, 1);
const DAY_MS = 86_400_000;
const EVENING = "21:00";

interface Given {
  /** As the server takes it, such as "fri 21:30"; "" for now. */
  readonly at: string;
  readonly onChange: (at: string) => void;
}

export function Moment({ at, onChange }: Given) {
  const [day = "", time = ""] = at.split(" ");
  const isOther = at !== "" && !(DAYS as readonly string[]).includes(day);
  return (
    <>
      <select
        id="test-day"
        aria-label={t("test.at")}
        value={day}
        onChange={(event) => {
          const chosen = event.currentTarget.value;
          onChange(chosen && `${chosen} ${time || EVENING}`);
        }}
      >
        <option value="">{t("test.now")}</option>
        {DAYS.map((each, index) => (
          <option key={each} value={each}>
            {weekday(index)}
          </option>
        ))}
        {isOther && <option value={day}>{at}</option>}
      </select>
      {at !== "" && !isOther && (
        <input
          id="test-time"
          type="time"
          aria-label={t("test.time")}
          value={time}
          onInput={(event) => {
            if (event.currentTarget.value) onChange(`${day} ${event.currentTarget.value}`);
          }}
        />
      )}
    </>
  );
}

const weekday = (index: number): string =>
  new Intl.DateTimeFormat(locale.value, { weekday: "long", timeZone: "UTC" }).format(
    MONDAY_MS + index * DAY_MS,
  );
