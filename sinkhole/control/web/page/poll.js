// Doing something again and again while somebody looks.

/**
 * Runs `work(signal)` now and `everyMs` after it ended, for ever; not while the tab is hidden.
 * `now()` starts afresh and aborts a run that is under way, so an old answer never overwrites a
 * newer one.
 */
export class Poll {
  #work;
  #everyMs;
  #timer = 0;
  #abort = new AbortController();

  constructor(work, everyMs) {
    this.#work = work;
    this.#everyMs = everyMs;
    document.addEventListener("visibilitychange", () => {
      if (document.hidden) clearTimeout(this.#timer);
      else this.now();
    });
  }

  async now() {
    clearTimeout(this.#timer);
    this.#abort.abort();
    const run = (this.#abort = new AbortController());
    await this.#work(run.signal);
    if (run.signal.aborted) return;
    clearTimeout(this.#timer);
    if (!document.hidden) this.#timer = setTimeout(() => this.now(), this.#everyMs);
  }
}
