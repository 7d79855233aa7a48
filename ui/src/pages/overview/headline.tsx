// The large percentage, its sentence, and the tiles below; each number leads to what it counts.

import type { ReadonlySignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";
import { addressOf } from "../../address";
import { interval } from "../../parts/chart_words";
import { isComing } from "../../parts/list_row";
import type { Schemas } from "../../server/api";
import { count, duration, percent, span, wholePercent } from "../../words/format";
import { t } from "../../words/words";
import { isAnswered, type Numbers } from "./numbers";
import type { LogLinks } from "./span";

/** What is counted beside the queries that were forwarded. */
const TROUBLES = ["failed", "refused"] as const;

interface Given {
  readonly found: Numbers | undefined;
  readonly links: LogLinks | undefined;
}

export function Headline({ found, isFresh, links }: Given & { readonly isFresh: boolean }) {
  const asked = found?.statistics.totals.queries ?? 0;
  const figure = found && asked > 0 ? percent(found.statistics.blocked_percent) : "–";
  useEffect(() => {
    document.title = asked > 0 ? t("title.blocked", { figure }) : "sinkhole";
  }, [asked, figure]);
  return (
    <h1 id="headline">
      <span id="figure" class="figure">
        {links && asked > 0 ? (
          <a
            class="link"
            href={links.of({ verdict: "blocked" })}
            title={t("overview.show_blocked")}
          >
            {figure}
          </a>
        ) : (
          figure
        )}
      </span>
      <span id="sentence" class="sentence">
        {found ? sentence(found, isFresh) : t("overview.asking")}
      </span>
    </h1>
  );
}

function sentence({ statistics, status, lists }: Numbers, isFresh: boolean): string {
  if (!isAnswered(status)) return t("overview.nowhere");
  if (isFresh) {
    const more = lists.lists.some(isComing);
    return t(more ? "overview.ready_more" : "overview.ready", { count: status.names });
  }
  const { queries } = statistics.totals;
  const when = whenOf(statistics);
  if (queries === 0) return t("overview.no_queries", { when });
  const median = duration(statistics.latency_ms.p50);
  return t("overview.sentence", { count: queries, when, median });
}

function whenOf({ period, start, end }: Schemas["Statistics"]): string {
  if (period !== "span") return t(`period.long.${period}`);
  return t("overview.span", { span: interval(start, end) });
}

/** How quickly queries come just now, which leads to them. */
export function Pacing({ pace }: { pace: ReadonlySignal<number | null> }) {
  const a_minute = pace.value;
  if (a_minute === null) return null;
  const text =
    a_minute >= 600
      ? t("overview.now_a_second", { count: Math.round(a_minute / 60) })
      : t("overview.now_a_minute", { count: Math.round(a_minute) });
  return (
    <a id="pace" class="link quiet" href={addressOf("queries")}>
      {text}
    </a>
  );
}

interface Tile {
  readonly id: string;
  readonly label: string;
  readonly value: string;
  readonly note: ComponentChildren;
  readonly tone?: string;
  /** What of the log it counts. */
  readonly shows: Record<string, string>;
}

export function Tiles({ found, links }: Given) {
  if (!found || !links) return null;
  return (
    <dl id="tiles" class="tiles">
      {tilesOf(found, links).map(({ id, label, value, note, shows, tone = "" }) => (
        <div key={id} id={`tile-${id}`} class={`card tile ${tone}`}>
          <dt>{label}</dt>
          <dd class="value">
            <a
              class="link"
              href={links.of(shows)}
              title={t("overview.show_queries", { name: label })}
            >
              {value}
            </a>
          </dd>
          <dd class="quiet">{note}</dd>
        </div>
      ))}
    </dl>
  );
}

function tilesOf({ statistics }: Numbers, links: LogLinks): Tile[] {
  const { totals, cached_percent, latency_ms, top_lists, saved } = statistics;
  const slowest = latency_ms.p99 == null ? "" : duration(latency_ms.p99);
  return [
    {
      id: "queries",
      label: t("overview.queries"),
      value: count(totals.queries),
      note: rate(statistics),
      shows: {},
    },
    {
      id: "blocked",
      label: t("overview.blocked"),
      value: count(totals.blocked),
      note: top_lists.length ? t("overview.by_lists", { count: top_lists.length }) : "",
      tone: "blocked",
      shows: { verdict: "blocked" },
    },
    {
      id: "cached",
      label: t("overview.cached"),
      value: count(totals.cached),
      note: totals.queries ? t("overview.of_all", { share: percent(cached_percent) }) : "",
      shows: { verdict: "cached" },
    },
    {
      id: "saved",
      label: t("overview.saved"),
      value: saved ? span(saved.seconds) : "–",
      note: saved ? savedHow(totals.cached, saved) : t("overview.saved_unknown"),
      shows: { verdict: "cached" },
    },
    {
      id: "forwarded",
      label: t("overview.forwarded"),
      value: count(totals.forwarded),
      note: <Troubles totals={totals} links={links} />,
      shows: { verdict: "forwarded" },
    },
    {
      id: "time",
      label: t("overview.answer_time"),
      value: duration(latency_ms.p50),
      note: slowest && t("overview.within", { share: wholePercent(99), time: slowest }),
      shows: {},
    },
  ];
}

/** Where the time comes from: so many answers, each quicker by so much. */
function savedHow(cached: number, { upstream_ms, cache_ms }: Schemas["Saved"]): string {
  const time = duration(Math.max(upstream_ms - cache_ms, 0));
  return t("overview.saved_how", { count: cached, time });
}

function rate({ totals, start, end }: Schemas["Statistics"]): string {
  const a_minute = totals.queries / Math.max((end - start) / 60, 1);
  if (!totals.queries) return "";
  if (a_minute < 1) return t("overview.under_one");
  return t("overview.a_minute", { count: Math.round(a_minute) });
}

/** What did not become an answer; each leads to the queries that it counts. */
function Troubles({ totals, links }: { totals: Schemas["Totals"]; links: LogLinks }) {
  const some = TROUBLES.filter((verdict) => totals[verdict] > 0);
  if (some.length === 0) return <>{t("overview.none_failed")}</>;
  return (
    <>
      {some.map((verdict, index) => (
        <span key={verdict}>
          {index > 0 && ", "}
          <a class="link" href={links.of({ verdict })}>
            {t(`overview.${verdict}`, { count: totals[verdict] })}
          </a>
        </span>
      ))}
    </>
  );
}
