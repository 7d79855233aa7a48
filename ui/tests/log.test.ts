import "./browser";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { filterOf, type Row } from "../src/pages/queries/filter";

/** A request whose address is below nothing, as there is no page. */
class Asked extends Request {
  constructor(address: string, given: RequestInit) {
    super(`http://localhost/${address}`, given);
  }
}

vi.stubGlobal("Request", Asked);
vi.stubGlobal("fetch", answer);

const { Log, MOST_ROWS, SHOWN_EVERY_MS } = await import("../src/pages/queries/log");

type Page = { rows: Row[]; next: string | null };

const ALL = filterOf(new URLSearchParams());
const row = (id: number) => ({ id: String(id), time: id, name: `${id}.example.org` }) as Row;
const rows = (first: number, last: number): Row[] =>
  Array.from({ length: last - first + 1 }, (_, place) => row(first + place));

/** What the server says to each search, in turn; null for no answer. */
let pages: (Page | null)[] = [];
let searches: Record<string, unknown>[] = [];
let isStreamRefused = false;
let ended = new AbortController();

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("scrollY", 0);
  pages = [];
  searches = [];
  isStreamRefused = false;
  ended = new AbortController();
});

afterEach(() => {
  ended.abort();
  vi.useRealTimers();
});

async function answer(asked: Request | string): Promise<Response> {
  if (typeof asked === "string") {
    return isStreamRefused
      ? Response.json({ detail: "no such verdict" }, { status: 422 })
      : new Response(new ReadableStream());
  }
  if (asked.url.endsWith("/status")) return Response.json({ log: { enabled: true } });
  searches.push(await asked.json());
  const page = pages.shift();
  if (!page) throw new TypeError("network error");
  return Response.json({ ...page, looked_back_to: null });
}

/** Let time pass until something is so. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await vi.advanceTimersByTimeAsync(50);
}

/** A log that has looked for something and got these pages. */
async function found(...said: (Page | null)[]) {
  pages = said;
  const log = new Log();
  log.find(ALL, ended.signal);
  await until(() => log.isLoaded.value);
  return log;
}

const ids = (log: InstanceType<typeof Log>) => log.rows.value.map(({ id }) => Number(id));
const shown = () => vi.advanceTimersByTimeAsync(SHOWN_EVERY_MS);

test("the newest rows are shown, and that there are more", async () => {
  const log = await found({ rows: [row(3), row(2)], next: "2" });
  expect(ids(log)).toEqual([3, 2]);
  expect([log.isLoaded.value, log.hasMore.value, log.isOff.value]).toEqual([true, true, false]);
});

test("new rows are gathered and shown together, the newest first", async () => {
  const log = await found({ rows: [row(1)], next: null });
  log.take({ rows: [row(2), row(3)] });
  log.take({ rows: [row(4)] });
  expect(ids(log)).toEqual([1]);
  await shown();
  expect(ids(log)).toEqual([4, 3, 2, 1]);
});

test("a row that the search had found and the stream brings, too, is there once", async () => {
  const log = await found({ rows: [row(2), row(1)], next: null });
  log.take({ rows: [row(2), row(3)] });
  log.take({ rows: [row(3)] });
  await shown();
  expect(ids(log)).toEqual([3, 2, 1]);
});

test("while somebody has paused or reads further down, new rows wait", async () => {
  const log = await found({ rows: [row(1)], next: null });
  log.setLive(false);
  log.take({ rows: [row(2)] });
  await shown();
  expect([ids(log), log.waiting.value]).toEqual([[1], 1]);
  log.setLive(true);
  expect([ids(log), log.waiting.value]).toEqual([[2, 1], 0]);
  vi.stubGlobal("scrollY", 2_000);
  log.take({ rows: [row(3)] });
  await shown();
  expect([ids(log), log.waiting.value]).toEqual([[2, 1], 1]);
  log.showNew();
  expect(ids(log)).toEqual([3, 2, 1]);
});

test("older rows follow, however often they are asked for", async () => {
  const log = await found(
    { rows: [row(4), row(3)], next: "3" },
    { rows: [row(2), row(1)], next: null },
  );
  await Promise.all([log.older(), log.older()]);
  expect(ids(log)).toEqual([4, 3, 2, 1]);
  expect(searches.map(({ cursor }) => cursor)).toEqual([undefined, "3"]);
  expect(log.hasMore.value).toBe(false);
});

test("no more rows are kept than can be scrolled through, and older ones follow without a gap", async () => {
  const log = await found({ rows: [row(1)], next: null }, { rows: [row(12), row(11)], next: null });
  log.take({ rows: rows(2, 12 + MOST_ROWS) });
  await shown();
  expect(ids(log)).toHaveLength(MOST_ROWS);
  expect([ids(log).at(-1), log.hasMore.value]).toEqual([13, true]);
  await log.older();
  expect(searches.at(-1)).toMatchObject({ until: "13.000001" });
  expect(ids(log).slice(-3)).toEqual([13, 12, 11]);
});

test("another search begins anew, and new rows go on coming", async () => {
  const log = await found({ rows: [row(1)], next: null }, { rows: [row(5)], next: null });
  log.take({ rows: [row(2)] });
  ended.abort();
  ended = new AbortController();
  log.find(filterOf(new URLSearchParams("verdict=blocked")), ended.signal);
  await shown();
  expect(ids(log)).toEqual([5]);
  log.take({ rows: [row(6)] });
  await shown();
  expect(ids(log)).toEqual([6, 5]);
});

test("what can not be read leaves what is shown", async () => {
  const log = await found({ rows: [row(2)], next: "2" }, null, { rows: [row(1)], next: null });
  await log.older();
  expect(ids(log)).toEqual([2]);
  await log.older();
  expect(ids(log)).toEqual([2, 1]);
});

test("a search that is refused ends, and shows nothing of what was looked for before", async () => {
  const log = await found({ rows: [row(1)], next: "1" }, null);
  ended.abort();
  ended = new AbortController();
  log.find(filterOf(new URLSearchParams("since=abc")), ended.signal);
  expect(log.hasFailed.value).toBe(false);
  await until(() => log.hasFailed.value);
  expect([ids(log), log.hasMore.value, log.isLoaded.value]).toEqual([[], false, false]);
});

test("a stream that is refused does so, too, until it stands", async () => {
  isStreamRefused = true;
  const log = new Log();
  pages = [{ rows: [row(1)], next: null }];
  log.find(filterOf(new URLSearchParams("verdict=zzz")), ended.signal);
  await until(() => log.hasFailed.value);
  isStreamRefused = false;
  await until(() => log.isLoaded.value);
  expect([ids(log), log.hasFailed.value]).toEqual([[1], false]);
});

test("what was missed is told until the log is read anew", async () => {
  const log = await found({ rows: [row(1)], next: null }, { rows: [row(9), row(1)], next: null });
  log.take({ rows: [], missed: 5 });
  log.take({ rows: [row(2)], missed: 2 });
  expect(log.missed.value).toBe(7);
  await log.again();
  expect([ids(log), log.missed.value]).toEqual([[9, 1], 0]);
});
