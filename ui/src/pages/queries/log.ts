// The rows that are shown: those found, older ones on demand, new ones as they come.
//
// New rows are gathered and shown a few times a second, however many come, and no more are kept than
// can be scrolled through. While somebody reads further down, or has paused, they wait; so do those
// that came while the stream was interrupted.

import { signal } from "@preact/signals";
import { api, told, within } from "../../server/api";
import { followRows } from "../../server/events";
import { attempt, forget } from "../../server/reach";
import { type Filter, isOpenEnded, type Row, searchOf, streamOf } from "./filter";

const PAGE_ROWS = 50;
/** Who looks further back wants to see more at once. */
const OLDER_ROWS = [100, 200] as const;
export const MOST_ROWS = 5_000;
export const SHOWN_EVERY_MS = 400;

/** Where older rows begin: behind a page, or before a moment, as rows in between were given up. */
type Edge = { readonly cursor: string } | { readonly until: string } | null;

/** What the stream brings at once. */
interface Come {
  readonly rows: readonly Row[];
  readonly missed?: number;
}

export class Log {
  readonly rows = signal<readonly Row[]>([]);
  /** Rows that came and are not shown yet. */
  readonly waiting = signal(0);
  /** Queries that came more quickly than they could be told: the log has them all the same. */
  readonly missed = signal(0);
  readonly hasMore = signal(false);
  readonly lookedBackTo = signal<number | null>(null);
  readonly isLoaded = signal(false);
  /** Whether nothing was looked for, as the server refused to or is away: why is told elsewhere. */
  readonly hasFailed = signal(false);
  readonly isOff = signal(false);
  readonly isLive = signal(true);
  #new: readonly Row[] = [];
  #timer = 0;
  #edge: Edge = null;
  #isReading = false;
  #filter: Filter | null = null;
  #ended = new AbortController().signal;

  /** Look for other rows, and follow what comes until the signal says so. */
  find(filter: Filter, ended: AbortSignal): void {
    this.#filter = filter;
    this.#ended = ended;
    this.#new = [];
    this.#edge = null;
    this.#isReading = false;
    this.waiting.value = 0;
    this.missed.value = 0;
    this.isLoaded.value = false;
    this.hasFailed.value = false;
    ended.addEventListener("abort", () => {
      clearTimeout(this.#timer);
      this.#timer = 0;
      forget("rows");
      forget("log");
    });
    if (!isOpenEnded(filter)) this.#first();
    // What comes between the search and the stream would be lost: so the stream stands first.
    else {
      const onEnd = () => ended.aborted || this.#failed();
      followRows(streamOf(filter), this.take, { onOpen: () => this.#opened(), onEnd }, ended);
    }
  }

  async older(): Promise<void> {
    if (this.#isReading) return;
    const limit = this.rows.value.length > PAGE_ROWS ? OLDER_ROWS[1] : OLDER_ROWS[0];
    const page = await this.#read({ ...this.#edge, limit });
    if (page) this.#append(page.rows, page);
  }

  /** Begin anew with what the log has, so that nothing is left out. */
  async again(): Promise<void> {
    this.#new = [];
    this.waiting.value = 0;
    await this.#first();
  }

  /** Show the rows that wait. */
  showNew(): void {
    const known = new Set(this.rows.value.map(({ id }) => id));
    const rows = this.#new.filter(({ id }) => !known.has(id));
    this.#new = [];
    this.waiting.value = 0;
    if (rows.length > 0) this.#show(merged(rows, this.rows.value));
  }

  /** Look for new rows that no stream tells of. */
  async lookForOthers(): Promise<void> {
    const isWanted = isOpenEnded(this.#filter as Filter) && !document.hidden;
    if (!isWanted || !this.isLoaded.value || this.#isReading) return;
    const page = await this.#read({});
    if (!page) return;
    const known = new Set(this.rows.value.map(({ id }) => id));
    const others = page.rows.filter(({ id }) => !known.has(id));
    if (others.length > 0) this.take({ rows: others.toReversed() });
  }

  setLive(isLive: boolean): void {
    this.isLive.value = isLive;
    if (isLive) this.showNew();
  }

  /** Rows that the stream brought, the oldest first. */
  readonly take = ({ rows, missed = 0 }: Come): void => {
    if (missed) this.missed.value += missed;
    const known = new Set(this.#new.map(({ id }) => id));
    const others = rows.filter(({ id }) => !known.has(id)).toReversed();
    this.#new = [...others, ...this.#new].slice(0, MOST_ROWS);
    if (this.#timer) return;
    this.#timer = window.setTimeout(() => {
      this.#timer = 0;
      if (this.#isFollowed()) this.showNew();
      else this.waiting.value = this.#new.length;
    }, SHOWN_EVERY_MS);
  };

  /** Whether somebody looks at the newest rows. */
  #isFollowed(): boolean {
    return this.isLive.value && scrollY < innerHeight;
  }

  /** The stream stands, for the first time or again. */
  async #opened(): Promise<void> {
    if (!this.isLoaded.value || this.#isFollowed()) return this.#first();
    const page = await this.#read({});
    const newest = this.rows.value[0]?.time ?? 0;
    if (page) this.take({ rows: page.rows.filter(({ time }) => time > newest).toReversed() });
  }

  async #first(): Promise<void> {
    this.#look();
    this.hasFailed.value = false;
    const missed = this.missed.value; // those that are missed while it is read may not be in it
    const ended = this.#ended;
    const page = await this.#read({});
    if (!page) return ended.aborted ? undefined : this.#failed();
    this.rows.value = [];
    this.missed.value -= missed;
    this.#append(page.rows, page);
    this.isLoaded.value = true;
  }

  /** What was shown before is not what is looked for now. */
  #failed(): void {
    if (this.isLoaded.value) return;
    this.rows.value = [];
    this.hasMore.value = false;
    this.hasFailed.value = true;
  }

  /** Whether queries are logged at all. */
  async #look(): Promise<void> {
    const ended = this.#ended;
    await attempt("log", async () => {
      const status = await told(api.GET("/status", { signal: within(ended) }));
      this.isOff.value = status.log?.enabled === false;
    });
  }

  #append(
    rows: readonly Row[],
    page: { next: string | null; looked_back_to: number | null },
  ): void {
    const known = new Set(this.rows.value.map(({ id }) => id));
    this.rows.value = [...this.rows.value, ...rows.filter(({ id }) => !known.has(id))];
    this.#edge = page.next === null ? null : { cursor: page.next };
    this.hasMore.value = page.next !== null;
    this.lookedBackTo.value = page.looked_back_to;
  }

  #show(rows: readonly Row[]): void {
    this.rows.value = rows.slice(0, MOST_ROWS);
    const last = this.rows.value.at(-1);
    if (rows.length <= MOST_ROWS || !last) return;
    // Its own moment as well, as other rows may share it.
    this.#edge = { until: (last.time + 0.000001).toFixed(6) };
    this.hasMore.value = true;
    this.lookedBackTo.value = null;
  }

  async #read(edge: object) {
    const ended = this.#ended;
    const body = { limit: PAGE_ROWS, ...searchOf(this.#filter as Filter), ...edge };
    let page = null;
    this.#isReading = true;
    await attempt("rows", async () => {
      page = await told(api.POST("/log/search", { body, signal: within(ended) }));
    });
    if (ended.aborted) return null;
    this.#isReading = false;
    return page as { rows: Row[]; next: string | null; looked_back_to: number | null } | null;
  }
}

/** New rows and those there are, the newest first; what there is stays in its order, as rows of a
 *  clock that was ahead stand last. */
export function merged(come: readonly Row[], there: readonly Row[]): readonly Row[] {
  const left = [...come].sort((one, other) => other.time - one.time);
  const found: Row[] = [];
  for (const row of there) {
    while (left[0] && left[0].time >= row.time) found.push(left.shift() as Row);
    found.push(row);
  }
  return [...found, ...left];
}
