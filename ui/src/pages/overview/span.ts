// Which time is shown: a period up to now, or what of it was drawn over; as it stands in the address.

import { addressOf } from "../../address";

export const PERIODS = ["1h", "24h", "7d", "30d", "365d"] as const;
export type Period = (typeof PERIODS)[number];

const USUAL: Period = "24h";
const HOUR_S = 3_600;

export interface Span {
  readonly period: Period;
  /** Unix seconds, where a part of it is looked at. */
  readonly since?: number;
  readonly until?: number;
  /** One of several sinkholes, where only what that answered is looked at. */
  readonly node?: string;
}

export function spanOf(query: URLSearchParams): Span {
  const period = PERIODS.find((each) => each === query.get("period")) ?? USUAL;
  const since = secondsOf(query.get("since"));
  const until = secondsOf(query.get("until"));
  const node = query.get("node");
  const whole = { period, ...(node && { node }) };
  if (since === undefined || until === undefined || since >= until) return whole;
  return { ...whole, since, until };
}

/** The same as the address has it. */
export function spanQuery({ period, since, until, node = "" }: Span): Record<string, string> {
  return {
    period: period === USUAL ? "" : period,
    since: since === undefined ? "" : String(since),
    until: until === undefined ? "" : String(until),
    node,
  };
}

/** What `statistics.show` takes for it. */
export const statisticsOf = ({ period, since, until, node }: Span) => ({
  ...(since === undefined ? { period } : { since: String(since), until: String(until) }),
  ...(node && { node }),
});

/** Where numbers of statistics lead: the log of the same time, narrowed by what they count. */
export class LogLinks {
  readonly #time: Record<string, string>;
  readonly #hours: Record<string, string>;

  constructor({ start, end }: { start: number; end: number }, { until, node = "" }: Span) {
    // What comes meanwhile belongs to a time that goes on until now.
    const last = until === undefined ? "" : String(Math.floor(end));
    this.#time = { node, since: String(start), until: last };
    this.#hours = {
      node,
      since: String(Math.floor(start / HOUR_S) * HOUR_S),
      until: last && String(Math.ceil(end / HOUR_S) * HOUR_S),
    };
  }

  of(what: Record<string, string> = {}): string {
    return addressOf("queries", { ...what, ...this.#time });
  }

  /** The same for what is counted by whole hours, as tops are. */
  ofHours(what: Record<string, string>): string {
    return addressOf("queries", { ...what, ...this.#hours });
  }
}

function secondsOf(text: string | null): number | undefined {
  return text !== null && /^\d{1,11}$/.test(text) ? Number(text) : undefined;
}
