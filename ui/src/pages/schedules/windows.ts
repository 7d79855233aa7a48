// Hours of the week, as the settings write them and as a week is drawn: "mon-thu 21:00-07:00".

export const DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;
export const DAY_MIN = 1440;

export interface Opening {
  /** For each day from Monday on, whether it begins then. */
  readonly days: readonly boolean[];
  /** Minutes of the day; `until` no later than `from` is one of the next day. */
  readonly from: number;
  readonly until: number;
}

/** A part of one day that is open. */
export interface Stretch {
  readonly day: number;
  readonly from: number;
  readonly until: number;
  /** Whether it goes on from the day before. */
  readonly isRest: boolean;
}

/** What a text means; null for one that is no window. */
export function openingOf(text: string): Opening | null {
  const found = /^(\S+)\s+(\d{1,2}):(\d{2})\s*-\s*(\d{1,2}):(\d{2})$/.exec(
    text.trim().toLowerCase(),
  );
  if (!found) return null;
  const [, words = "", ...numbers] = found;
  const [hour = 0, minute = 0, endHour = 0, endMinute = 0] = numbers.map(Number);
  const days = daysOf(words);
  const from = hour * 60 + minute;
  const until = endHour * 60 + endMinute;
  if (!days || from >= DAY_MIN || until > DAY_MIN || minute > 59 || endMinute > 59) return null;
  return { days, from, until };
}

function daysOf(words: string): boolean[] | null {
  const days = DAYS.map(() => words === "daily");
  if (words === "daily") return days;
  for (const word of words.split(",")) {
    const [first = "", last = first] = word.split("-");
    const [begin, end] = [first, last].map((each) => (DAYS as readonly string[]).indexOf(each));
    if (begin === undefined || end === undefined || begin < 0 || end < 0) return null;
    for (let day = begin; ; day = (day + 1) % 7) {
      days[day] = true;
      if (day === end) break;
    }
  }
  return days;
}

/** The same as a text: the days as short as they can be said. */
export function textOf({ days, from, until }: Opening): string {
  return `${daysText(days)} ${timeOf(from)}-${timeOf(until)}`;
}

function daysText(days: readonly boolean[]): string {
  if (days.every(Boolean)) return "daily";
  const runs = DAYS.flatMap((name, day) => {
    if (!days[day] || days[day - 1]) return [];
    let length = 1;
    while (days[day + length]) length += 1;
    const last = DAYS[day + length - 1];
    if (length === 1) return [name];
    return [length === 2 ? `${name},${last}` : `${name}-${last}`];
  });
  return runs.join(",");
}

/** A time of the day as "21:05"; the end of a day is 24:00. */
export const timeOf = (minutes: number): string =>
  `${String(Math.floor(minutes / 60)).padStart(2, "0")}:${String(minutes % 60).padStart(2, "0")}`;

/** The minutes of a "21:05"; null for what is none. */
export function minutesOf(time: string): number | null {
  const found = /^(\d{1,2}):(\d{2})$/.exec(time);
  return found ? Number(found[1]) * 60 + Number(found[2]) : null;
}

/** What of each day is open, cut at midnight. */
export function stretchesOf({ days, from, until }: Opening): readonly Stretch[] {
  return DAYS.flatMap((_, day) => {
    if (!days[day]) return [];
    if (until > from) return [{ day, from, until, isRest: false }];
    const first = { day, from, until: DAY_MIN, isRest: false };
    return until === 0 ? [first] : [first, { day: (day + 1) % 7, from: 0, until, isRest: true }];
  });
}

/** The same some minutes later or earlier, by the clock; its length stays. */
export function moved({ days, from, until }: Opening, by: number): Opening {
  const around = (time: number) => (time + by + 2 * DAY_MIN) % DAY_MIN;
  return { days, from: around(from), until: around(until) };
}

/** The same with an end some minutes later or earlier, within a day of its beginning. */
export function stretched({ days, from, until }: Opening, by: number): Opening {
  const length = ((until - from + DAY_MIN) % DAY_MIN || DAY_MIN) + by;
  if (length <= 0 || length > DAY_MIN) return { days, from, until };
  return { days, from, until: (from + length) % DAY_MIN };
}
