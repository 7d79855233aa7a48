// The house at a glance: how much is blocked, what is asked and by whom, and how the server does.

import { useComputed, useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { addressOf, place, rewrite } from "../../address";
import { Chart } from "../../parts/chart";
import { interval } from "../../parts/chart_words";
import { NodeChooser } from "../../parts/node_chooser";
import { namesOf, useNodes } from "../../server/nodes";
import { t } from "../../words/words";
import { Guide } from "./guide";
import { Headline, Pacing, Tiles } from "./headline";
import { LastQueries, useLastRows } from "./last_queries";
import { Lists } from "./lists";
import { Notices } from "./notices";
import { isAnswered, type Numbers, useNumbers } from "./numbers";
import "./overview.css";
import { Protection } from "./protection";
import { ServerFacts, UpstreamStates } from "./server";
import { LogLinks, PERIODS, type Span, spanOf, spanQuery } from "./span";
import { Tops } from "./tops";

export function Overview() {
  const span = useComputed(() => spanOf(place.value.query));
  const paused = useRef(() => {});
  const node = span.value.node ?? "";
  const nodes = namesOf(useNodes(null).last.value);
  const rows = useLastRows(node === "");
  const { found, isLive, pace, now } = useNumbers(span.value, rows.take, () => paused.current());
  const isFresh = useSignal(false);
  if (found) isFresh.value = isNew(found);
  useEffect(() => {
    document.body.classList.toggle("fresh", isFresh.value);
    return () => document.body.classList.remove("fresh");
  }, [isFresh.value]);
  const links = found && new LogLinks(found.statistics, span.value);
  return (
    <>
      <Notices found={found} onChanged={now} />
      <section class="card hero" aria-labelledby="headline">
        <Headline found={found} isFresh={isFresh.value} links={links} />
        <div class="choices">
          <NodeChooser
            names={nodes}
            value={node}
            onChoose={(name) => rewrite(spanQuery({ ...span.value, node: name }))}
          />
          <Periods span={span.value} />
        </div>
        {found && links && <Zoomed span={span.value} links={links} />}
        {found && found.statistics.totals.queries > 0 && (
          <Chart
            series={found.statistics.series}
            step_s={found.statistics.step_s}
            shows={(since, until) =>
              addressOf("queries", { node, since: String(since), until: String(until) })
            }
            onZoom={(since, until) => zoom({ ...span.value, since, until })}
          />
        )}
      </section>
      {found && isFresh.value && <Guide status={found.status} />}
      <Protection
        told={paused}
        isLive={isLive}
        isAnswered={!found || isAnswered(found.status)}
        pace={<Pacing pace={pace} />}
      />
      <Tiles found={found} links={links} />
      <Tops found={found} links={links} />
      <LastQueries
        isOn={found?.status.log?.enabled ?? true}
        isLive={isLive}
        node={node}
        isOfSeveral={nodes.length > 0}
        last={rows}
        onFirst={() => isFresh.value && now()}
      />
      <div class="server">
        <Lists found={found} onChanged={now} />
        <UpstreamStates found={found} />
        <ServerFacts found={found} />
      </div>
    </>
  );
}

/** A part that is looked at is a place of its own: the way back leads out of it. */
function zoom(span: Span): void {
  location.hash = addressOf("", spanQuery(span));
}

function Periods({ span }: { span: Span }) {
  const { since: _, until: __, ...whole } = span;
  return (
    <fieldset id="periods" class="switch">
      <legend class="unseen">{t("overview.period")}</legend>
      {PERIODS.map((period) => (
        <label key={period}>
          <input
            type="radio"
            name="period"
            value={period}
            checked={period === span.period && span.since === undefined}
            onChange={() => rewrite(spanQuery({ ...whole, period }))}
          />
          <span>{t(`period.short.${period}`)}</span>
        </label>
      ))}
    </fieldset>
  );
}

/** Which part is looked at, and the way out of it. */
function Zoomed({ span, links }: { span: Span; links: LogLinks }) {
  const { since, until, ...whole } = span;
  if (since === undefined || until === undefined) return null;
  return (
    <p id="zoomed" class="zoomed">
      <strong>{interval(since, until)}</strong>
      <a href={links.of()}>{t("chart.show")}</a>
      <a href={addressOf("", spanQuery(whole))}>{t("overview.whole")}</a>
    </p>
  );
}

/** Whether nobody has ever asked this server anything. */
function isNew({ statistics, status }: Numbers): boolean {
  return statistics.totals.queries === 0 && status.log?.enabled === true && status.log.rows === 0;
}
