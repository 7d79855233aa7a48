// Rules that are in force for a time: what is left of each, and ending it.

import { By } from "../../parts/by";
import { Trouble, useDeed } from "../../parts/deed";
import { Foreign } from "../../parts/foreign";
import { TimeLeft } from "../../parts/time_left";
import { api, type Schemas, told } from "../../server/api";
import { may } from "../../server/reach";
import { t } from "../../words/words";
import { Coloured } from "./line";

type Timed = Schemas["RuleForATime"];

interface Given {
  readonly rules: readonly Timed[];
  readonly onChanged: () => void;
}

export function ForATime({ rules, onChanged }: Given) {
  if (rules.length === 0) return null;
  return (
    <section class="card" aria-labelledby="timed-title">
      <div class="card-head">
        <h2 id="timed-title">{t("rules.for_a_time")}</h2>
      </div>
      <ul id="timed-rules" class="rules">
        {rules.map((rule) => (
          <One key={rule.number} rule={rule} onChanged={onChanged} />
        ))}
      </ul>
    </section>
  );
}

function One({ rule, onChanged }: { rule: Timed; onChanged: () => void }) {
  const deed = useDeed(onChanged);
  return (
    <li>
      <span>
        <Coloured text={rule.rule} /> <TimeLeft left_s={rule.left_s} />
        <span class="quiet">
          {" · "}
          {t("rules.made_by")} <By actor={rule.made_by} />{" "}
          {rule.note && (
            <>
              {" · "}
              <Foreign text={rule.note} />
            </>
          )}
        </span>
        <Trouble deed={deed} />
      </span>
      {may("rules:write") && (
        <button
          type="button"
          disabled={deed.isBusy.value}
          onClick={() =>
            deed.run(() => told(api.POST("/rules/end", { body: { numbers: [rule.number] } })))
          }
        >
          {t("rules.end")}
        </button>
      )}
    </li>
  );
}
