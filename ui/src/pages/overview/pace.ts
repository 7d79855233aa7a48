// How quickly queries come just now, from counts that are told as they change.

const WINDOW_MS = 20_000;
const LEAST_MS = 1_000;

interface Sample {
  readonly at: number;
  readonly queries: number;
}

/** The counts of the last moments; times are milliseconds of any clock that only goes on. */
export class Pace {
  #samples: Sample[] = [];

  note(queries: number, at: number): void {
    const last = this.#samples.at(-1);
    if (last && queries < last.queries) this.#samples = []; // the server began anew
    this.#samples.push({ at, queries });
  }

  /** Queries a minute; null until it can be told. A count that does not change is not told, so time
   *  goes on without one. */
  aMinute(now: number): number | null {
    const begin = now - WINDOW_MS;
    const inside = this.#samples.findIndex(({ at }) => at > begin);
    // The newest before the window still tells what was when it began.
    const first = inside < 0 ? this.#samples.length - 1 : Math.max(inside - 1, 0);
    this.#samples = this.#samples.slice(first);
    const [oldest] = this.#samples;
    const newest = this.#samples.at(-1);
    if (!oldest || !newest) return null;
    const passed = now - Math.max(oldest.at, begin);
    if (passed < LEAST_MS) return null;
    return ((newest.queries - oldest.queries) / passed) * 60_000;
  }
}
