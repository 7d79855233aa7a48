// All that is paused, with what is left of it and who began it; and pauses made and ended.

import { useSignal } from "@preact/signals";
import { Trouble, useDeed } from "../../parts/deed";
import { Foreign } from "../../parts/foreign";
import { LENGTHS } from "../../parts/lengths";
import { type Known, useKnown } from "../../parts/policy/known";
import { Left } from "../../parts/policy/left";
import { api, type Schemas, told } from "../../server/api";
import { usePolled } from "../../server/polled";
import { may } from "../../server/reach";
import { t } from "../../words/words";
import "./pauses.css";

const EVERY_MS = 5_000;
const SCOPES = ["all", "group", "client", "service", "list"] as const;

type Scope = (typeof SCOPES)[number];
type Pause = Schemas["PauseStatus"];

export default function Pauses() {
  const read = (signal: AbortSignal) => told(api.GET("/protection", { signal }));
  const polled = usePolled("protection", read, EVERY_MS);
  const found = polled.last.value;
  return (
    <section class="card" aria-labelledby="pauses-title">
      <div class="card-head">
        <h1 id="pauses-title">{t("nav.pauses")}</h1>
      </div>
      <p class="quiet">{t("pauses.about")}</p>
      {found?.pauses.length === 0 && <p>{t("pauses.none")}</p>}
      <ul id="pauses" class="pauses">
        {found?.pauses.map((pause) => (
          <OnePause key={`${pause.scope} ${pause.name}`} pause={pause} onDone={polled.now} />
        ))}
      </ul>
      {may("protection:write") && may("settings:read") && <NewPause onDone={polled.now} />}
    </section>
  );
}

export function OnePause({ pause, onDone }: { pause: Pause; onDone: () => void }) {
  const deed = useDeed(onDone);
  const { scope, name } = pause;
  return (
    <li>
      <span>
        {t(`protection.scope.${scope}`)} <Foreign text={name} look="strong" />{" "}
        <Left pause={pause} />
      </span>
      {may("protection:write") && (
        <button
          type="button"
          disabled={deed.isBusy.value}
          aria-label={t("pauses.resume_of", { name: name || t("protection.scope.all") })}
          onClick={() =>
            deed.run(() => told(api.POST("/protection/resume", { body: { scope, name } })))
          }
        >
          {t("protection.resume")}
        </button>
      )}
      <Trouble deed={deed} />
    </li>
  );
}

function NewPause({ onDone }: { onDone: () => void }) {
  const known = useKnown().last.value;
  const scope = useSignal<Scope>("all");
  const name = useSignal("");
  const until = useSignal("");
  const deed = useDeed(onDone);
  const names = known ? namesOf(known, scope.value) : [];
  const chosen = names.some(([word]) => word === name.value) ? name.value : (names[0]?.[0] ?? "");
  const pause = (time: { seconds: number | null } | { until: string }) =>
    deed.run(() =>
      told(api.POST("/protection/pause", { body: { scope: scope.value, name: chosen, ...time } })),
    );
  const isReady = scope.value === "all" || chosen !== "";
  return (
    <section class="new-pause" aria-labelledby="pause-title">
      <h2 id="pause-title">{t("pauses.new")}</h2>
      <div class="chooser">
        <select
          aria-label={t("pauses.what")}
          value={scope.value}
          onChange={(event) => {
            scope.value = event.currentTarget.value as Scope;
          }}
        >
          {SCOPES.map((each) => (
            <option key={each} value={each}>
              {t(`pauses.scope.${each}`)}
            </option>
          ))}
        </select>
        {scope.value !== "all" && (
          <select
            aria-label={t("pauses.which")}
            value={chosen}
            onChange={(event) => {
              name.value = event.currentTarget.value;
            }}
          >
            {names.map(([word, text]) => (
              <option key={word} value={word}>
                {text}
              </option>
            ))}
          </select>
        )}
      </div>
      <div class="chooser">
        {LENGTHS.map(([word, seconds]) => (
          <button
            key={word}
            type="button"
            disabled={!isReady || deed.isBusy.value}
            onClick={() => pause({ seconds })}
          >
            {t(`choice.${word}`)}
          </button>
        ))}
        <form
          class="naming"
          onSubmit={(event) => {
            event.preventDefault();
            pause({ until: until.value.trim() });
          }}
        >
          <input
            type="text"
            required
            maxLength={40}
            aria-label={t("pauses.until")}
            placeholder={t("pauses.until_example")}
            value={until.value}
            onInput={(event) => {
              until.value = event.currentTarget.value;
            }}
          />
          <button type="submit" disabled={!isReady || deed.isBusy.value}>
            {t("pauses.until")}
          </button>
        </form>
      </div>
      <Trouble deed={deed} />
    </section>
  );
}

/** What a pause may be of, each as the server calls it and as people do. */
function namesOf(known: Known, scope: Scope): readonly (readonly [string, string])[] {
  const plain = (names: readonly string[]) => names.map((each) => [each, each] as const);
  switch (scope) {
    case "group": {
      const names = known.groups.map(({ name }) => name);
      const others = names.filter((each) => each.toLowerCase() !== "default");
      return [["default", t("groups.everybody_else")], ...plain(others)];
    }
    case "client":
      return plain(known.clients.map(({ name }) => name));
    case "service":
      return known.services.map(({ id, name }) => [id, name] as const);
    case "list":
      return plain(known.lists);
    default:
      return [];
  }
}
