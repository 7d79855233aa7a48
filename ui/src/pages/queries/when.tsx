// Of when the queries are that the log shows: times that are wanted often, and any others.

import { useSignal } from "@preact/signals";
import { useTyped } from "../../parts/typed";
import { t } from "../../words/words";
import type { Filter } from "./filter";

const SPANS = ["hour", "today", "yesterday", "week"] as const;
type Span = (typeof SPANS)[number];
type Times = Pick<Filter, "since" | "until">;

const OWN = "own";
const HOUR_S = 3_600;
const DAY_S = 86_400;

/** From when to when a span is, in seconds since 1970; days are those of the reader. */
export function timesOf(span: Span, now: Date): Times {
  const midnight = new Date(now).setHours(0, 0, 0, 0) / 1000;
  const now_s = Math.floor(now.getTime() / 1000);
  const yesterday = new Date(now).setHours(-24, 0, 0, 0) / 1000; // days with 23 or 25 hours, too
  switch (span) {
    case "hour":
      return { since: String(now_s - HOUR_S), until: "" };
    case "today":
      return { since: String(midnight), until: "" };
    case "yesterday":
      return { since: String(yesterday), until: String(midnight) };
    case "week":
      return { since: String(now_s - 7 * DAY_S), until: "" };
  }
}

interface Given {
  readonly filter: Filter;
  readonly onChoose: (times: Times) => void;
}

export function When({ filter, onChoose }: Given) {
  const isWanted = useSignal(false);
  const isOpen = isWanted.value || filter.since !== "" || filter.until !== "";
  function choose(value: string): void {
    isWanted.value = value === OWN;
    if (value === "") onChoose({ since: "", until: "" });
    else if (value !== OWN) onChoose(timesOf(value as Span, new Date()));
  }
  return (
    <>
      <select
        id="filter-when"
        aria-label={t("queries.when")}
        value={isOpen ? OWN : ""}
        onChange={(event) => choose(event.currentTarget.value)}
      >
        <option value="">{t("queries.when.any")}</option>
        {SPANS.map((span) => (
          <option key={span} value={span}>
            {t(`queries.when.${span}`)}
          </option>
        ))}
        <option value={OWN}>{t("queries.when.own")}</option>
      </select>
      {isOpen &&
        (["since", "until"] as const).map((edge) => (
          <Moment key={edge} edge={edge} filter={filter} onChoose={onChoose} />
        ))}
    </>
  );
}

function Moment({ edge, filter, onChoose }: Given & { readonly edge: keyof Times }) {
  const typed = useTyped(fieldOf(filter[edge]), (text) =>
    onChoose(inOrder(filter, edge, secondsOf(text))),
  );
  const label = t(`queries.when.${edge}`);
  return <input id={`when-${edge}`} type="datetime-local" aria-label={label} {...typed} />;
}

/** The times with another edge; the other one goes where it would leave nothing between. */
export function inOrder({ since, until }: Times, edge: keyof Times, value: string): Times {
  const times = { since, until, [edge]: value };
  if (times.since === "" || times.until === "" || Number(times.since) < Number(times.until))
    return times;
  return { since: "", until: "", [edge]: value };
}

/** What a field for a moment shows of an edge, to the minute; "" for none, and for words. */
export function fieldOf(edge: string): string {
  const time = edge === "" ? Number.NaN : Number(edge) * 1000;
  if (!Number.isFinite(time)) return "";
  const at = new Date(time);
  const two = (part: number) => String(part).padStart(2, "0");
  const day = [at.getFullYear(), two(at.getMonth() + 1), two(at.getDate())].join("-");
  return `${day}T${two(at.getHours())}:${two(at.getMinutes())}`;
}

/** What a field for a moment has, in seconds since 1970; "" for nothing. */
function secondsOf(text: string): string {
  const time = new Date(text).getTime();
  return Number.isNaN(time) ? "" : String(time / 1000);
}
