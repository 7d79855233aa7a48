// Blocking or allowing the name of a query: for whom and how long, what it would change, and the deed.

import { useSignal } from "@preact/signals";
import { useAsked } from "../../parts/asked";
import { useDeed } from "../../parts/deed";
import { Foreign, Translated } from "../../parts/foreign";
import { api, type Schemas, told } from "../../server/api";
import { t } from "../../words/words";
import type { Row } from "./filter";

const TIMES = [
  ["for_good", null],
  ["ten_minutes", 600],
  ["an_hour", 3600],
  ["a_day", 86_400],
] as const;

/** Neither blocked nor let pass, so both can be wanted. */
const REWRITTEN = "rewritten";

type Action = "block" | "allow";
type Scope = "everybody" | "client";

interface Given {
  readonly row: Row;
  /** Called when rules are others than before. */
  readonly onChanged: () => void;
}

export function Choice({ row, onChanged }: Given) {
  const action = useSignal<Action>(row.blocked ? "allow" : "block");
  const scope = useSignal<Scope>("everybody");
  const seconds = useSignal<number | null>(null);
  const made = useSignal<Schemas["NameChosen"] | null>(null);
  const deed = useDeed(onChanged);
  const isSettled = made.value !== null;
  const body = {
    name: row.name,
    type: row.type,
    client: row.client,
    action: action.value,
    scope: scope.value,
    seconds: seconds.value,
  };
  const { found, trouble } = useAsked(isSettled ? null : body, (asked, signal) =>
    told(api.POST("/names/preview", { body: asked, signal })),
  );
  const choose = () =>
    deed.run(async () => {
      const chosen = await told(api.POST("/names/choose", { body }));
      if (chosen.done) made.value = chosen;
    });
  const takeBack = () =>
    deed.run(async () => {
      if (made.value) await undo(made.value, seconds.value !== null);
      made.value = null;
    });

  return (
    <section class="choice" aria-label={t(`choice.${action.value}`)}>
      <div class="choices">
        {row.outcome === REWRITTEN && (
          <select
            aria-label={t("choice.action")}
            disabled={isSettled}
            value={action.value}
            onChange={(event) => {
              action.value = event.currentTarget.value as Action;
            }}
          >
            <option value="block">{t("choice.block")}</option>
            <option value="allow">{t("choice.allow")}</option>
          </select>
        )}
        <select
          aria-label={t("choice.scope")}
          disabled={isSettled}
          value={scope.value}
          onChange={(event) => {
            scope.value = event.currentTarget.value as Scope;
          }}
        >
          <option value="everybody">{t("choice.everybody")}</option>
          <option value="client">{t("choice.client")}</option>
        </select>
        <select
          aria-label={t("choice.time")}
          disabled={isSettled}
          value={String(seconds.value ?? "")}
          onChange={(event) => {
            seconds.value = Number(event.currentTarget.value) || null;
          }}
        >
          {TIMES.map(([word, length]) => (
            <option key={word} value={length ?? ""}>
              {t(`choice.${word}`)}
            </option>
          ))}
        </select>
        {!isSettled && (
          <button
            type="button"
            class="main"
            disabled={deed.isBusy.value || isNothing(found.value)}
            onClick={choose}
          >
            {t(`choice.${action.value}`)}
          </button>
        )}
        {made.value && rulesOf(made.value).length > 0 && (
          <button type="button" disabled={deed.isBusy.value} onClick={takeBack}>
            {t("settings.undo")}
          </button>
        )}
      </div>
      <Effect preview={made.value ?? found.value} isDone={isSettled} />
      <p class="error" role="alert">
        {deed.trouble.value || trouble.value}
      </p>
    </section>
  );
}

/** What can be taken back; rules for a time that have ended can't. */
const rulesOf = ({ add, remove }: Schemas["NameChosen"]) => [...add, ...remove];

/** Whether it is so already. */
const isNothing = (preview: Schemas["NameChosen"] | null): boolean =>
  preview !== null && rulesOf(preview).length === 0 && preview.ended.length === 0;

/** What was added goes, and what was removed comes back; rules for a time end. */
async function undo(made: Schemas["NameChosen"], isForATime: boolean): Promise<void> {
  if (!isForATime) {
    await told(api.PATCH("/rules", { body: { add: made.remove, remove: made.add } }));
    return;
  }
  const { for_a_time } = await told(api.GET("/rules"));
  const numbers = for_a_time
    .filter(({ rule }) => made.add.includes(rule))
    .map(({ number }) => number);
  await told(api.POST("/rules/end", { body: { numbers } }));
}

function Effect({ preview, isDone }: { preview: Schemas["NameChosen"] | null; isDone: boolean }) {
  if (!preview) return null;
  const { add, remove, ended } = preview;
  const rules = add.length > 0 ? add : [...remove, ...ended];
  return (
    <div class="quiet" role="status">
      {rules.length > 0 && (
        <p>
          {t(isDone ? "choice.done" : add.length ? "choice.adds" : "choice.removes")}{" "}
          <Foreign text={rules.join(", ")} look="rule" />
        </p>
      )}
      {preview.note && (
        <p>
          <Translated text={preview.note} />
        </p>
      )}
      {!isDone && preview.log && !isNothing(preview) && (
        <LogEffect
          log={preview.log}
          isException={add.length > 0 && add.every((each) => each.startsWith("@@"))}
        />
      )}
    </div>
  );
}

function LogEffect({ log, isException }: { log: Schemas["LogEffect"]; isException: boolean }) {
  const changed = log.queries_blocked + log.queries_freed;
  return (
    <p>
      {t("choice.would_change", { count: changed })}
      {changed === 0 && isException && ` ${t("choice.uncounted")}`}
    </p>
  );
}
