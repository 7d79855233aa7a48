// Who of several servers is asked, in words, and how long one is waited for.

import { type Accepts, choicesOf } from "../../parts/kind";
import { type Key, t } from "../../words/words";
import { Drafted } from "./drafted";
import type { Drafts } from "./drafts";
import { Held } from "./reviewed";

const STRATEGY = "upstream.strategy";

export function Strategy({ drafts }: { drafts: Drafts }) {
  const words = choicesOf((drafts.of(STRATEGY)?.accepts ?? {}) as Accepts);
  return (
    <section class="card" aria-labelledby="strategy-title">
      <div class="card-head">
        <h2 id="strategy-title">{t("network.strategy")}</h2>
      </div>
      <Held by={drafts.heldBy(STRATEGY)} />
      <fieldset
        class="ways"
        disabled={!drafts.mayChange(STRATEGY)}
        aria-labelledby="strategy-title"
      >
        {words.map((word) => (
          <label key={word}>
            <input
              type="radio"
              name="strategy"
              checked={drafts.value(STRATEGY) === word}
              onChange={() => drafts.set(STRATEGY, word)}
            />
            <span>
              <strong>{t(`network.strategy.${word}` as Key)}</strong>
              <span class="quiet small">{t(`network.strategy.${word}.help` as Key)}</span>
            </span>
          </label>
        ))}
      </fieldset>
      <Drafted drafts={drafts} name="upstream.timeout" />
    </section>
  );
}
