// The last day of a device, from the log: how much, when, what for, and what was blocked.

import { useSignal } from "@preact/signals";
import { addressOf } from "../../address";
import { Chart } from "../../parts/chart";
import { Named } from "../../parts/foreign";
import { api, type Schemas, told } from "../../server/api";
import { usePolled } from "../../server/polled";
import { clock, count, percent } from "../../words/format";
import { type Key, t } from "../../words/words";
import { logOf, type Subject, soughtOf } from "./subject";

const EVERY_MS = 30_000;
const PERIODS = [
  ["24h", 86_400, 600],
  ["7d", 7 * 86_400, 7200],
] as const;

type Sums = Schemas["LogSums"];

export function Day({ subject }: { subject: Subject }) {
  const chosen = useSignal<(typeof PERIODS)[number]>(PERIODS[0]);
  const [period, length, step_s] = chosen.value;
  const sought = soughtOf(subject);
  const read = (signal: AbortSignal) => {
    const since = String(Math.floor(Date.now() / 1000 - length));
    return told(api.POST("/log/sum", { body: { ...sought, since, step_s }, signal }));
  };
  const polled = usePolled("day", read, EVERY_MS, [JSON.stringify(sought), period]);
  const found = polled.last.value;
  return (
    <section class="card" aria-labelledby="day-title">
      <div class="card-head">
        <h2 id="day-title">{t(`device.day.${period}`)}</h2>
        <fieldset class="switch" aria-label={t("overview.period")}>
          {PERIODS.map((each) => (
            <label key={each[0]}>
              <input
                type="radio"
                name="device-period"
                checked={each[0] === period}
                onChange={() => {
                  chosen.value = each;
                }}
              />
              <span>{t(`period.short.${each[0]}`)}</span>
            </label>
          ))}
        </fieldset>
      </div>
      {found && <Numbers found={found} subject={subject} />}
    </section>
  );
}

function Numbers({ found, subject }: { found: Sums; subject: Subject }) {
  const { queries, blocked } = found.totals;
  if (queries === 0) return <p class="quiet">{t("device.day.none")}</p>;
  const link = (more: Record<string, string>) =>
    addressOf("queries", { ...logOf(subject), ...more });
  return (
    <>
      <p>
        <a class="link" href={link({ verdict: "blocked" })}>
          <span class="share">{percent((100 * blocked) / queries)}</span>{" "}
          {t("device.day.blocked", { count: blocked })}
        </a>{" "}
        <a href={link({})}>{t("device.day.of", { count: queries })}</a>
      </p>
      {found.looked_back_to != null && (
        <p class="quiet">{t("device.day.partial", { when: clock(found.looked_back_to) })}</p>
      )}
      <Chart series={found.series} step_s={found.step_s} />
      <div class="tops">
        <Board title="overview.most_asked" entries={found.top_names} link={link} />
        <Board
          title="overview.most_blocked"
          tone="blocked"
          entries={found.top_blocked}
          link={link}
        />
      </div>
    </>
  );
}

interface BoardGiven {
  readonly title: Key;
  readonly tone?: string;
  readonly entries: readonly Schemas["NameCount"][];
  readonly link: (more: Record<string, string>) => string;
}

function Board({ title, tone = "", entries, link }: BoardGiven) {
  const most = Math.max(...entries.map((each) => each.count), 1);
  if (entries.length === 0) return null;
  return (
    <section class={`board ${tone}`} aria-label={t(title)}>
      <h3>{t(title)}</h3>
      <ol>
        {entries.map(({ name, name_unicode, count: times }) => (
          <li key={name}>
            <span class="bar" style={{ "--share": times / most }} />
            <span class="what">
              <a class="link" href={link(tone ? { exact: name, verdict: tone } : { exact: name })}>
                <Named name={name} read={name_unicode === name ? "" : name_unicode} />
              </a>
            </span>
            <span class="number">{count(times)}</span>
          </li>
        ))}
      </ol>
    </section>
  );
}
