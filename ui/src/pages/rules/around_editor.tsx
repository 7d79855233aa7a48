// What stands around the editor: what is wrong, what a change would have done, and how rules read.

import { useAsked } from "../../parts/asked";
import { LogEffect } from "../../parts/effect";
import { Translated } from "../../parts/foreign";
import { api, told } from "../../server/api";
import { may } from "../../server/reach";
import { type Key, t } from "../../words/words";
import type { Changes } from "./changes";
import type { Complaint } from "./checking";
import { Coloured } from "./line";

const MOST_SHOWN = 20;
const DAYS = 7;
const WAIT_MS = 800;

interface ComplaintsGiven {
  readonly complaints: readonly Complaint[];
  readonly goTo: (line: number) => void;
}

export function Complaints({ complaints, goTo }: ComplaintsGiven) {
  return (
    <>
      <p id="rule-complaints" role="status" class={complaints.length > 0 ? "error" : "unseen"}>
        {t("rules.complaints", { count: complaints.length })}
      </p>
      {complaints.length > 0 && (
        <ul id="complaints" class="complaints">
          {complaints.slice(0, MOST_SHOWN).map(({ line, text }) => (
            <li key={line}>
              <button type="button" onClick={() => goTo(line)}>
                {t("rules.line", { line: String(line + 1) })}
              </button>{" "}
              <Translated text={text} />
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

/** The dry run: what the last week would have been with these changes. */
export function WouldChange({ changes: { add, remove } }: { changes: Changes }) {
  const body = { add: [...add], remove: [...remove], client: "", group: "", log: true, days: DAYS };
  const { found, trouble } = useAsked(
    may("log:read") ? body : null,
    (asked, signal) => told(api.POST("/rules/test", { body: asked, signal })),
    WAIT_MS,
  );
  return (
    <div class="would" aria-live="polite">
      {found.value?.log && <LogEffect found={found.value.log} />}
      <p class="error">
        <Translated text={found.value?.log_error || trouble.value} />
      </p>
    </div>
  );
}

const EXAMPLES: readonly (readonly [rule: string, means: Key])[] = [
  ["||example.org^", "rules.help.below"],
  ["0.0.0.0 example.org", "rules.help.alone"],
  ["@@||good.example.org^", "rules.help.allow"],
  ["||example.org^$client='Kids tablet'", "rules.help.client"],
  ["||nas.example^$dnsrewrite=192.0.2.10", "rules.help.answer"],
  ["/^ads[0-9]+\\./", "rules.help.expression"],
];

export function Help() {
  return (
    <details class="twin">
      <summary>{t("rules.help")}</summary>
      <dl class="facts examples">
        {EXAMPLES.map(([rule, means]) => (
          <div key={rule} class="fact">
            <dt>
              <Coloured text={rule} />
            </dt>
            <dd>{t(means)}</dd>
          </div>
        ))}
      </dl>
    </details>
  );
}
