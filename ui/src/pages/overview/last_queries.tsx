// The newest queries, as they come; more of them are on a page of their own.

import { type ReadonlySignal, useSignal } from "@preact/signals";
import { useEffect, useMemo, useRef } from "preact/hooks";
import { addressOf } from "../../address";
import { api, told } from "../../server/api";
import { usePolled } from "../../server/polled";
import { t } from "../../words/words";
import type { Row } from "../queries/filter";
import { Rows } from "../queries/rows";

const ROWS = 10;
const UNTOLD_MS = 5_000;
/** What is told stays as it is, but clients may be called otherwise. */
const TOLD_MS = 60_000;
/** More often than that nobody can read them. */
const SHOWN_EVERY_MS = 1_000;

export interface LastRows {
  /** What came, the newest first; undefined before anything is known. */
  readonly rows: ReadonlySignal<readonly Row[] | undefined>;
  /** Rows that come, the oldest first. */
  readonly take: (rows: readonly Row[]) => void;
  /** All there are, the newest first. */
  readonly set: (rows: readonly Row[]) => void;
}

/** With `takesLive` rows are shown as they come, else those alone that are looked for. */
export function useLastRows(takesLive: boolean): LastRows {
  const isTaking = useRef(takesLive);
  isTaking.current = takesLive;
  const rows = useSignal<readonly Row[] | undefined>(undefined);
  const waiting = useRef<readonly Row[]>([]);
  const timer = useRef(0);
  const shownAt = useRef(Number.NEGATIVE_INFINITY);
  useEffect(() => () => clearTimeout(timer.current), []);
  return useMemo(() => {
    const merged = (others: readonly Row[]): readonly Row[] => {
      const known = new Set(others.map(({ id }) => id));
      const all = [...waiting.current.filter(({ id }) => !known.has(id)), ...others];
      return all.sort((one, other) => other.time - one.time).slice(0, ROWS);
    };
    const show = () => {
      timer.current = 0;
      shownAt.current = performance.now();
      if (rows.value) rows.value = merged(rows.value); // else the first reading will have them
    };
    return {
      rows,
      take: (come) => {
        if (!isTaking.current) return;
        waiting.current = [...come.toReversed(), ...waiting.current].slice(0, ROWS);
        const left = SHOWN_EVERY_MS - (performance.now() - shownAt.current);
        if (left <= 0) show();
        else timer.current ||= window.setTimeout(show, left);
      },
      set: (all) => {
        if (!isTaking.current) waiting.current = [];
        rows.value = merged(all);
        waiting.current = [];
      },
    };
  }, [rows]);
}

interface Given {
  /** Whether queries are logged at all. */
  readonly isOn: boolean;
  /** Whether new ones are told as they come. */
  readonly isLive: boolean;
  /** Whose queries are shown, of several sinkholes; "" is all of them. */
  readonly node: string;
  /** Whether others answer as well, whose queries are not told as they come. */
  readonly isOfSeveral: boolean;
  readonly last: LastRows;
  /** Called when there is a row. */
  readonly onFirst: () => void;
}

export function LastQueries({ isOn, isLive, node, isOfSeveral, last, onFirst }: Given) {
  const body = { limit: ROWS, ...(node && { nodes: [node] }) };
  const read = async (signal: AbortSignal) =>
    isOn ? (await told(api.POST("/log/search", { body, signal }))).rows : [];
  const everyMs = isLive && !isOfSeveral && node === "" ? TOLD_MS : UNTOLD_MS;
  const polled = usePolled("rows", read, isOn ? everyMs : null, [isOn, node]);
  const found = polled.last.value;
  // biome-ignore lint/correctness/useExhaustiveDependencies: each time that a stream stands
  useEffect(() => {
    if (isLive) polled.now(); // what came before it did
  }, [isLive]);
  useEffect(() => {
    if (found) last.set(found);
  }, [found, last]);
  const rows = last.rows.value;
  const isAny = rows !== undefined && rows.length > 0;
  // biome-ignore lint/correctness/useExhaustiveDependencies: once, when the first row is there
  useEffect(() => {
    if (isAny) onFirst();
  }, [isAny]);
  return (
    <section class="card" aria-labelledby="queries-title">
      <div class="card-head">
        <h2 id="queries-title">{t("overview.last_queries")}</h2>
        {isOn && <a href={addressOf("queries", { node })}>{t("overview.all_queries")}</a>}
      </div>
      <Rows rows={isOn ? (rows ?? []) : []} />
      {!isOn && (
        <p id="queries-empty" class="quiet">
          {t("queries.log_off")}
        </p>
      )}
      {isOn && rows && !isAny && <p class="quiet">{t("queries.none_yet")}</p>}
    </section>
  );
}
