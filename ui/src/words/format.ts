// Numbers, times and sizes as people read them, in their language.

import { computed } from "@preact/signals";
import { locale, t } from "./words";

// Everything that is not seen, or changes the order of what is: controls, bidi marks, fillers.
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\u115f\u1160\u3164\uffa0]/gu;
const DAY_S = 86_400;

const formats = computed(() => {
  const of = (options?: Intl.NumberFormatOptions) => new Intl.NumberFormat(locale.value, options);
  const when = (options: Intl.DateTimeFormatOptions) =>
    new Intl.DateTimeFormat(locale.value, options);
  return {
    whole: of(),
    oneDigit: of({ maximumFractionDigits: 1 }),
    twoDigits: of({ maximumSignificantDigits: 2 }),
    percent: of({ style: "percent", minimumFractionDigits: 1, maximumFractionDigits: 1 }),
    wholePercent: of({ style: "percent", maximumFractionDigits: 0 }),
    relative: new Intl.RelativeTimeFormat(locale.value, { numeric: "auto" }),
    clock: when({ timeStyle: "medium" }),
    minutes: when({ hour: "numeric", minute: "2-digit" }),
    day: when({ day: "numeric", month: "short" }),
    date: when({ dateStyle: "medium" }),
    moment: when({ dateStyle: "medium", timeStyle: "medium" }),
  };
});

export const count = (number: number): string => formats.value.whole.format(number);

/** What stands before a fraction. */
export const point = (): string => formats.value.oneDigit.format(0.5).replace(/\d/g, "");

export const percent = (of100: number): string => formats.value.percent.format(of100 / 100);

/** The same without a digit behind the point. */
export const wholePercent = (of100: number): string =>
  formats.value.wholePercent.format(of100 / 100);

/** A text from the network with its unseen characters written out, as `\u{202e}`. */
export function visible(text: string): string {
  return text.replace(UNSEEN, (char) => `\\u{${char.codePointAt(0)?.toString(16)}}`);
}

export function duration(ms: number | null | undefined): string {
  const { whole, oneDigit, twoDigits } = formats.value;
  if (ms == null) return "–";
  if (ms < 0.01) return `< ${twoDigits.format(0.01)} ms`;
  if (ms < 10) return `${twoDigits.format(ms)} ms`;
  if (ms < 1000) return `${whole.format(Math.round(ms))} ms`;
  return `${oneDigit.format(ms / 1000)} s`;
}

export function size(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let unit = 0;
  let rest = bytes;
  for (; rest >= 1024 && unit < units.length - 1; unit++) rest /= 1024;
  return `${formats.value.oneDigit.format(rest < 10 ? rest : Math.round(rest))} ${units[unit]}`;
}

/** How long something lasts, in its two largest units: "3 d 4 h". */
export function span(seconds: number): string {
  const units = [
    [t("unit.day"), DAY_S],
    [t("unit.hour"), 3600],
    [t("unit.minute"), 60],
    [t("unit.second"), 1],
  ] as const;
  const first = units.findIndex(([, length]) => seconds >= length);
  if (first < 0) return `0 ${t("unit.second")}`;
  let rest = seconds;
  const parts = units.slice(first, first + 2).map(([unit, length]) => {
    const amount = Math.floor(rest / length);
    rest -= amount * length;
    return amount ? `${count(amount)} ${unit}` : "";
  });
  return parts.join(" ").trim();
}

/** "5 minutes ago", for a time in unix seconds. */
export function ago(time: number, now = Date.now() / 1000): string {
  const seconds = Math.max(now - time, 0);
  if (seconds < 45) return t("ago.just_now");
  const { relative } = formats.value;
  if (seconds >= DAY_S) return relative.format(-Math.round(seconds / DAY_S), "day");
  if (seconds >= 3600) return relative.format(-Math.round(seconds / 3600), "hour");
  return relative.format(-Math.max(Math.round(seconds / 60), 1), "minute");
}

/** A time of day with seconds, and the date in front when it was not today. */
export function clock(time: number): string {
  const then = new Date(time * 1000);
  const text = formats.value.clock.format(then);
  const isToday = then.toDateString() === new Date().toDateString();
  return isToday ? text : `${day(time)}, ${text}`;
}

export const minutes = (time: number): string =>
  formats.value.minutes.format(new Date(time * 1000));

export const day = (time: number): string => formats.value.day.format(new Date(time * 1000));

/** A day that may be of another year, for a time in unix seconds. */
export const date = (time: number): string => formats.value.date.format(new Date(time * 1000));

/** A day and a time of it. */
export const moment = (time: number): string => formats.value.moment.format(new Date(time * 1000));
