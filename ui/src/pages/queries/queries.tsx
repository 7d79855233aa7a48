// The log: what was asked, by whom, and what became of it; as it comes, or as it was.

import { useComputed, useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { place, rewrite } from "../../address";
import { Foreign } from "../../parts/foreign";
import { NodeChooser } from "../../parts/node_chooser";
import { namesOf, useNodes } from "../../server/nodes";
import { clock, moment } from "../../words/format";
import { type Key, t } from "../../words/words";
import { DeviceChooser, TypeChooser } from "./choosers";
import { Detail } from "./detail";
import {
  exportOf,
  FIELDS,
  type Field,
  type Filter,
  filterOf,
  isEmpty,
  type Row,
  VERDICTS,
} from "./filter";
import { transport } from "./happened";
import type { Log } from "./log";
import "./queries.css";
import { Rows } from "./rows";
import { SavedFilters } from "./saved_filters";
import { useLog } from "./use_log";
import { When } from "./when";

const TYPING_MS = 250;
/** How often it is looked for what others answered, as only this server's own queries are told. */
const OTHERS_MS = 5_000;
/** What is looked for by a click elsewhere; the other two have fields of their own. */
const CHIPS = FIELDS.filter((field) => field !== "name" && field !== "verdict");

export default function Queries() {
  const filter = useComputed(() => filterOf(place.value.query));
  const log = useLog(filter.value);
  const opened = useSignal<Row | null>(null);
  const nodes = namesOf(useNodes(null).last.value);
  const isOfSeveral = nodes.length > 0;
  useEffect(() => {
    if (!isOfSeveral) return;
    const timer = setInterval(() => log.lookForOthers(), OTHERS_MS);
    return () => clearInterval(timer);
  }, [log, isOfSeveral]);
  return (
    <section class="card" aria-labelledby="queries-title">
      <div class="card-head">
        <h1 id="queries-title">{t("nav.queries")}</h1>
        <div class="choices">
          {log.rows.value.length > 0 && <Export filter={filter.value} />}
          <Live log={log} />
        </div>
      </div>
      <Filters filter={filter.value} rows={log.rows.value} nodes={nodes} />
      <SavedFilters filter={filter.value} />
      <Missed log={log} />
      <Rows
        rows={log.rows.value}
        onOpen={(row) => {
          opened.value = row;
        }}
      />
      <p id="queries-empty" class="quiet" role="status">
        {said(log, filter.value)}
      </p>
      <nav class="paging" aria-label={t("queries.paging")}>
        {log.waiting.value > 0 && (
          <button id="newest" type="button" onClick={() => toNewest(log)}>
            {t("queries.show_new", { count: log.waiting.value })}
          </button>
        )}
        {log.hasMore.value && (
          <button id="older" type="button" onClick={() => log.older()}>
            {t(log.lookedBackTo.value === null ? "queries.older" : "queries.further")}
          </button>
        )}
      </nav>
      {opened.value && (
        <Detail
          row={opened.value}
          onClose={() => {
            opened.value = null;
          }}
        />
      )}
    </section>
  );
}

/** What is looked for, as a file: all of it, not only what is shown. */
function Export({ filter }: { filter: Filter }) {
  const formats = [
    ["csv", "CSV"],
    ["jsonl", "JSON"],
  ] as const;
  // The server has to see that it is asked by its own page, also where there is no HTTPS.
  return (
    <>
      {formats.map(([format, name]) => (
        <a
          key={format}
          class="button"
          href={exportOf(filter, format)}
          download
          referrerpolicy="same-origin"
          title={t("queries.export_title", { format: name })}
        >
          {t("queries.export", { format: name })}
        </a>
      ))}
    </>
  );
}

function Missed({ log }: { log: Log }) {
  if (log.missed.value === 0) return null;
  return (
    <p class="notice missed" role="status">
      {t("queries.missed", { count: log.missed.value })}{" "}
      <button id="again" type="button" onClick={() => log.again()}>
        {t("queries.again")}
      </button>
    </p>
  );
}

function toNewest(log: Log): void {
  log.showNew();
  scrollTo(0, 0);
}

function Live({ log }: { log: Log }) {
  return (
    <button
      id="live"
      type="button"
      aria-pressed={log.isLive.value}
      onClick={() => log.setLive(!log.isLive.value)}
    >
      {t(log.isLive.value ? "queries.pause" : "queries.go_on")}
    </button>
  );
}

function said(log: Log, filter: Filter): string {
  const rows = log.rows.value.length;
  if (log.isOff.value) return t("queries.log_off");
  if (log.hasFailed.value) return t("queries.not_looked");
  if (!log.isLoaded.value) return t("queries.looking");
  const since = log.lookedBackTo.value;
  if (since !== null) return t("queries.looked_back", { when: clock(since), count: rows });
  if (rows) return "";
  return t(isEmpty(filter) ? "queries.none_yet" : "queries.none_fits");
}

interface FiltersGiven {
  readonly filter: Filter;
  readonly rows: readonly Row[];
  /** The names of nodes, where there are several. */
  readonly nodes: readonly string[];
}

function Filters({ filter, rows, nodes }: FiltersGiven) {
  const typed = useSignal<string | null>(null);
  const name = typed.value?.trim();
  useEffect(() => {
    if (name === undefined || name === filter.name) return;
    const timer = setTimeout(() => {
      rewrite({ ...filter, name });
      typed.value = null; // the address has it now, and going back changes that
    }, TYPING_MS);
    return () => clearTimeout(timer);
  }, [name, filter, typed]);
  return (
    <search id="filters" class="filters">
      <input
        id="filter-name"
        type="search"
        maxLength={253}
        autocomplete="off"
        autocapitalize="off"
        spellcheck={false}
        placeholder={t("queries.part")}
        aria-label={t("queries.filter_name")}
        value={typed.value ?? filter.name}
        onInput={(event) => {
          typed.value = event.currentTarget.value;
        }}
      />
      <select
        id="filter-verdict"
        aria-label={t("queries.filter_verdict")}
        value={filter.verdict}
        onChange={(event) => rewrite({ ...filter, verdict: event.currentTarget.value })}
      >
        <option value="">{t("queries.all")}</option>
        {VERDICTS.map((verdict) => (
          <option key={verdict} value={verdict}>
            {t(`verdict.${verdict}`)}
          </option>
        ))}
      </select>
      <NodeChooser
        names={nodes}
        value={filter.node}
        onChoose={(node) => rewrite({ ...filter, node })}
      />
      <DeviceChooser filter={filter} />
      <TypeChooser filter={filter} />
      <When filter={filter} onChoose={({ since, until }) => rewrite({ ...filter, since, until })} />
      {CHIPS.filter((field) => filter[field]).map((field) => (
        <button
          key={field}
          id={`filter-${field}`}
          type="button"
          class="chip"
          aria-label={t("queries.take_back", { what: `${chipWord(field)} ${filter[field]}` })}
          onClick={() => rewrite({ ...filter, [field]: "" })}
        >
          {chipWord(field)} <Foreign text={shownAs(field, filter[field], rows)} /> ✕
        </button>
      ))}
    </search>
  );
}

const chipWord = (field: Field): string => t(`queries.chip.${field}` as Key);

/** The value of a filter as people know it: a device by its name, if there is a row that says it. */
function shownAs(field: Field, value: string, rows: readonly Row[]): string {
  if (field === "transport") return transport(value);
  if (field === "since" || field === "until") return momentOf(value);
  if (field !== "client") return value;
  const row = rows.find(({ device, client }) => device === value || client === value);
  return row?.client_name || row?.client || value;
}

/** A time of the address, which may be one that people write. */
const momentOf = (text: string): string =>
  /^\d{1,11}(\.\d+)?$/.test(text) ? moment(Number(text)) : text;
