// What was asked most, by whom, and what decided: lists with a bar behind each entry.

import type { ComponentChildren } from "preact";
import { Named } from "../../parts/foreign";
import { count, duration, percent, visible } from "../../words/format";
import { type Key, t, translatedName } from "../../words/words";
import { transport } from "../queries/happened";
import type { Numbers } from "./numbers";
import type { LogLinks } from "./span";

interface Entry {
  readonly name: string;
  readonly read?: string;
  readonly count: number;
  readonly note?: string;
  /** What of the log is counted here. */
  readonly shows: Record<string, string>;
}

interface Board {
  readonly id: string;
  readonly title: Key;
  readonly tone?: string;
  readonly entries: readonly Entry[];
}

interface Given {
  readonly found: Numbers | undefined;
  readonly links: LogLinks | undefined;
}

export function Tops({ found, links }: Given) {
  if (!found || !links) return null;
  return (
    <div id="tops" class="tops">
      {boardsOf(found)
        .filter(({ entries }) => entries.length > 0)
        .map((board) => (
          <BoardOf key={board.id} {...board} links={links} />
        ))}
    </div>
  );
}

function BoardOf({ id, title, tone = "", entries, links }: Board & { links: LogLinks }) {
  const most = Math.max(...entries.map((entry) => entry.count), 1);
  return (
    <section class={`card board ${tone}`} aria-labelledby={`${id}-title`}>
      <h2 id={`${id}-title`}>{t(title)}</h2>
      <ol id={`${id}-list`}>
        {entries.map((entry) => (
          <li key={`${entry.name} ${entry.read ?? ""}`}>
            <span class="bar" style={{ "--share": entry.count / most }} />
            <span class="what">
              <Shown entry={entry} links={links}>
                <Named name={entry.name} read={entry.read} />
              </Shown>
            </span>
            <span class="note quiet">{entry.note}</span>
            <span class="number" title={t("queries.count", { count: entry.count })}>
              {count(entry.count)}
            </span>
          </li>
        ))}
      </ol>
    </section>
  );
}

interface ShownGiven {
  readonly entry: Entry;
  readonly links: LogLinks;
  readonly children: ComponentChildren;
}

function Shown({ entry, links, children }: ShownGiven) {
  const title = t("overview.show_queries", { name: visible(entry.name) });
  return (
    <a class="link" href={links.ofHours(entry.shows)} title={title}>
      {children}
    </a>
  );
}

function boardsOf({ statistics }: Numbers): Board[] {
  const { top_names, top_blocked, top_clients, top_lists, upstreams, transports } = statistics;
  const isAllPlain = transports.every(({ name }) => name === "udp");
  return [
    {
      id: "top_names",
      title: "overview.most_asked",
      entries: top_names.map((each) => ({ ...named(each), shows: { exact: each.name } })),
    },
    {
      id: "top_blocked",
      title: "overview.most_blocked",
      tone: "blocked",
      entries: top_blocked.map((each) => ({
        ...named(each),
        shows: { exact: each.name, verdict: "blocked" },
      })),
    },
    {
      id: "top_clients",
      title: "overview.clients",
      entries: top_clients.map((each) => ({
        name: each.client_name || each.client,
        read: each.client_name && each.client,
        count: each.count,
        note: each.blocked
          ? t("overview.share_blocked", { share: percent((100 * each.blocked) / each.count) })
          : "",
        shows: { client: each.device || each.client },
      })),
    },
    {
      id: "top_lists",
      title: "overview.lists_that_blocked",
      tone: "blocked",
      entries: top_lists.map((each) => ({
        ...each,
        name: translatedName(each.name),
        shows: { list: each.name, verdict: "blocked" },
      })),
    },
    {
      id: "upstreams",
      title: "overview.upstreams_asked",
      entries: upstreams.map((each) => ({
        ...each,
        note: t("overview.on_average", { time: duration(each.avg_ms) }),
        shows: { upstream: each.name },
      })),
    },
    {
      id: "transports",
      title: "overview.asked_over",
      entries: isAllPlain
        ? []
        : transports.map((each) => ({
            name: transport(each.name),
            count: each.count,
            shows: { transport: each.name },
          })),
    },
  ];
}

const named = (each: { name: string; name_unicode: string; count: number }) => ({
  name: each.name,
  read: each.name_unicode === each.name ? "" : each.name_unicode,
  count: each.count,
});
