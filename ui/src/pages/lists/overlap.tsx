// What each list adds to the others, drawn: the names that only it has, of all that it has.

import { addressOf } from "../../address";
import { Foreign } from "../../parts/foreign";
import type { List } from "../../parts/list_row";
import { api, type Schemas, told } from "../../server/api";
import { usePolled } from "../../server/polled";
import { count, percent } from "../../words/format";
import { t } from "../../words/words";
import "./lists.css";

type Coverage = Schemas["Coverage"];

const EVERY_MS = 30_000;
const ALMOST_NOTHING = 2; // percent of its names

export function Overlap({ lists }: { lists: readonly List[] }) {
  const read = (signal: AbortSignal) => told(api.GET("/list-overlap", { signal }));
  const marks = lists.map(({ name, changed, state }) => `${name} ${changed} ${state}`).join();
  const found = usePolled("overlap", read, EVERY_MS, [marks]).last.value?.lists;
  if (!found || found.length < 2) return null;
  const most = Math.max(...found.map(({ names }) => names), 1);
  return (
    <section class="card" aria-labelledby="overlap-title">
      <div class="card-head">
        <h2 id="overlap-title">{t("overlap.title")}</h2>
      </div>
      <p class="quiet">{t("overlap.about")}</p>
      <ul class="legend overlap-legend">
        <li>{t("overlap.own")}</li>
        <li class="shared">{t("overlap.shared")}</li>
      </ul>
      <ul id="overlap" class="overlap">
        {found.map((each) => (
          <Row key={each.name} each={each} most={most} />
        ))}
      </ul>
      <details class="twin">
        <summary>{t("chart.as_table")}</summary>
        <Table found={found} />
      </details>
    </section>
  );
}

function Row({ each, most }: { each: Coverage; most: number }) {
  const { name, names, unique } = each;
  const advice = adviceOn(each);
  return (
    <li>
      <a class="link" href={addressOf("list", {}, name)}>
        <Foreign text={name} look="isolated strong" />
      </a>
      <span class="quiet small">{wordsOn(each)}</span>
      <span class="bar-of" aria-hidden="true">
        <span
          class="all"
          style={{ "--share": (names / most).toFixed(4), "--own": ownShare(unique, names) }}
        />
      </span>
      {advice && <span class="advice small">{advice}</span>}
    </li>
  );
}

const ownShare = (unique: number | null, names: number): string =>
  (names ? (unique ?? 0) / names : 0).toFixed(4);

function wordsOn({ names, unique, unique_percent, kind }: Coverage): string {
  const all = t("names.count", { count: names });
  const own =
    unique === null
      ? t("overlap.not_counted")
      : t("overlap.of_its_own", { count: unique, share: percent(unique_percent ?? 0) });
  return [all, own, ...(kind === "allow" ? [t("lists.allows")] : [])].join(" · ");
}

function adviceOn({ unique, unique_percent, names }: Coverage): string {
  if (unique === null || names === 0) return "";
  if (unique === 0) return t("overlap.covers_nothing");
  return (unique_percent ?? 100) < ALMOST_NOTHING ? t("overlap.covers_little") : "";
}

function Table({ found }: { found: readonly Coverage[] }) {
  return (
    <section class="scroll" aria-label={t("overlap.title")}>
      <table class="plain">
        <caption class="unseen">{t("overlap.title")}</caption>
        <thead>
          <tr>
            <th scope="col">{t("lists.list")}</th>
            <th scope="col" class="number">
              {t("overview.names")}
            </th>
            <th scope="col" class="number">
              {t("lists.unique")}
            </th>
          </tr>
        </thead>
        <tbody>
          {found.map(({ name, names, unique }) => (
            <tr key={name}>
              <th scope="row">
                <Foreign text={name} />
              </th>
              <td class="number">{count(names)}</td>
              <td class="number">{unique === null ? "–" : count(unique)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
