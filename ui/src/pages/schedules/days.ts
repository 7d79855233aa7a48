// What days of the week are called in the reader's language.

import { locale } from "../../words/words";

/** A Monday. */
const MONDAY_MS = Date.UTC(2024, 0, 1);
const DAY_MS = 86_400_000;

/** The name of a day, from Monday on. */
export const dayName = (day: number, weekday: "short" | "long" = "short"): string =>
  new Intl.DateTimeFormat(locale.value, { weekday, timeZone: "UTC" }).format(
    MONDAY_MS + day * DAY_MS,
  );
