// What a chart says of its steps.

import type { Schemas } from "../server/api";
import { day, minutes, percent } from "../words/format";
import { t } from "../words/words";

export type Point = Schemas["SeriesPoint"];

const DAY_S = 86_400;

export interface Series {
  readonly series: readonly Point[];
  readonly step_s: number;
}

/** Some steps in a row, from one to another; none where `from` is below 0. */
export interface Marked {
  readonly from: number;
  readonly to: number;
}

export const NOTHING: Marked = { from: -1, to: -1 };

/** When they begin and end, in unix seconds; null where nothing is marked. */
export function timeOf({ series, step_s }: Series, { from, to }: Marked): [number, number] | null {
  const [first, last] = [series[Math.min(from, to)], series[Math.max(from, to)]];
  return first && last ? [first.time, last.time + step_s] : null;
}

/** The same times in a series that may have gone on since, by as many steps as time has; what it no
 * longer has of them is left out. Other steps than before are marked where they stand. */
export function followed(marked: Marked, before: Series, after: Series): Marked {
  const [was, is] = [before.series[0], after.series[0]];
  const isSame = was && is && before.step_s === after.step_s;
  const gone = isSame ? Math.round((is.time - was.time) / after.step_s) : 0;
  const { from, to } = marked;
  if (Math.min(from, to) < 0 || Math.max(from, to) < gone) return NOTHING;
  const last = after.series.length - 1;
  const place = (at: number): number => Math.min(Math.max(at - gone, 0), last);
  return { from: place(from), to: place(to) };
}

/** What became of the queries in them, "" where nothing is marked. */
export function sentence(all: Series, marked: Marked): string {
  const time = timeOf(all, marked);
  if (!time) return "";
  const { from, to } = marked;
  const inside = all.series.slice(Math.min(from, to), Math.max(from, to) + 1);
  const queries = inside.reduce((sum, each) => sum + each.queries, 0);
  const blocked = inside.reduce((sum, each) => sum + each.blocked, 0);
  const share = queries ? percent((100 * blocked) / queries) : "";
  const values = { when: interval(...time), count: queries, blocked, share };
  return t(share ? "chart.point" : "chart.empty_point", values);
}

/** A time in words, as short as it can be told. */
export function interval(since: number, until: number): string {
  const isWholeDays = isMidnight(since) && isMidnight(until);
  if (isWholeDays || until - since > 3 * DAY_S) {
    const last = isMidnight(until) ? until - 1 : until;
    return dayOf(since) === dayOf(last) ? day(since) : `${day(since)} – ${day(last)}`;
  }
  const isToday = dayOf(since) === new Date().toDateString();
  const from = isToday ? minutes(since) : `${day(since)}, ${minutes(since)}`;
  const to = dayOf(since) === dayOf(until) || until - since < DAY_S ? "" : `${day(until)}, `;
  return `${from}–${to}${minutes(until)}`;
}

const dayOf = (time: number): string => new Date(time * 1000).toDateString();

function isMidnight(time: number): boolean {
  const then = new Date(time * 1000);
  return then.getHours() === 0 && then.getMinutes() === 0;
}

/** A moment at the axis. */
export const axisTime = (time: number): string => (isMidnight(time) ? day(time) : minutes(time));
