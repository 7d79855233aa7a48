// Own rules that the settings file or the environment holds: to be seen here, and changed there.

import { Foreign, Translated } from "../../parts/foreign";
import type { Schemas } from "../../server/api";
import { t, translated } from "../../words/words";
import { Coloured } from "./line";

export function HeldRules({ rules }: { rules: readonly Schemas["OwnRule"][] }) {
  if (rules.length === 0) return null;
  return (
    <section class="card" aria-labelledby="held-rules-title">
      <div class="card-head">
        <h2 id="held-rules-title">{t("rules.held")}</h2>
      </div>
      <p class="quiet">{t("rules.held_about")}</p>
      <ol id="held-rules" class="rules">
        {rules.map(({ rule, line, complaint, held_by }) => (
          <li key={line}>
            <span>
              <Coloured text={rule} />
              {complaint && (
                <span class="error">
                  {" "}
                  <Translated text={complaint} />
                </span>
              )}
              <span class="quiet">
                {" "}
                <Foreign text={t("held_by", { where: translated(held_by) })} />
              </span>
            </span>
          </li>
        ))}
      </ol>
    </section>
  );
}
