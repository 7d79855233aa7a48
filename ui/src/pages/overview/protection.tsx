// Whether names are refused: the switch, for how long and for whom, and what is paused now.

import { useSignal } from "@preact/signals";
import type { ComponentChildren, RefObject } from "preact";
import { useDeed } from "../../parts/deed";
import { Foreign } from "../../parts/foreign";
import { Groups } from "../../parts/groups";
import { Left } from "../../parts/policy/left";
import { api, type Schemas, told } from "../../server/api";
import { usePolled } from "../../server/polled";
import { may } from "../../server/reach";
import { t } from "../../words/words";

/** What is left of a pause goes down. */
const PAUSED_MS = 5_000;
const QUIET_MS = 60_000;
const LENGTHS = [
  ["ten_minutes", 600],
  ["an_hour", 3600],
  ["a_day", 86_400],
  ["until_resumed", null],
] as const;

type Pause = Schemas["PauseStatus"];

/** For everybody, or for a group by its name. */
const EVERYBODY = "";

interface Given {
  /** To be called when a pause begins or ends. */
  readonly told: RefObject<() => void>;
  /** Whether it will be. */
  readonly isLive: boolean;
  /** Whether DNS is answered at all. */
  readonly isAnswered: boolean;
  /** How quickly queries come. */
  readonly pace: ComponentChildren;
}

export function Protection({ told: whenTold, isLive, isAnswered, pace }: Given) {
  const read = (signal: AbortSignal) => told(api.GET("/protection", { signal }));
  const isQuiet = useSignal(false);
  const polled = usePolled("protection", read, isLive && isQuiet.value ? QUIET_MS : PAUSED_MS);
  whenTold.current = polled.now;
  const isOpen = useSignal(false);
  const deed = useDeed(polled.now);
  const found = polled.last.value;
  isQuiet.value = found?.pauses.length === 0;
  if (!found) return null;

  async function change(work: () => Promise<unknown>): Promise<void> {
    if (await deed.run(work)) isOpen.value = false;
  }
  const pause = (group: string, seconds: number | null) =>
    change(() => told(api.POST("/protection/pause", { body: { ...scopeOf(group), seconds } })));
  const resume = ({ scope, name }: Pick<Pause, "scope" | "name">) =>
    change(() => told(api.POST("/protection/resume", { body: { scope, name } })));

  const whole = found.pauses.find(({ scope }) => scope === "all");
  const others = found.pauses.filter((each) => each !== whole);
  const state = !found.enabled ? "off" : isAnswered ? "on" : "waits";
  return (
    <section class="card protection" data-state={state} aria-label={t("protection.title")}>
      <p>
        <span class="mark" aria-hidden="true" />
        <strong>{t(`protection.${state}`)}</strong> {whole && <Left pause={whole} />}
        {found.enabled && pace}
      </p>
      {may("protection:write") && (
        <div class="choices">
          {whole ? (
            <button type="button" class="main" onClick={() => resume(whole)}>
              {t("protection.resume")}
            </button>
          ) : (
            <button
              type="button"
              aria-expanded={isOpen.value}
              onClick={() => {
                isOpen.value = !isOpen.value;
              }}
            >
              {t("protection.pause")}
            </button>
          )}
        </div>
      )}
      {isOpen.value && !whole && <Chooser pause={pause} />}
      {others.length > 0 && (
        <ul class="pauses">
          {others.map((each) => (
            <li key={`${each.scope} ${each.name}`}>
              <span>
                {t(`protection.scope.${each.scope}`)} <Foreign text={each.name} look="strong" />{" "}
                <Left pause={each} />
              </span>
              {may("protection:write") && (
                <button type="button" onClick={() => resume(each)}>
                  {t("protection.resume")}
                </button>
              )}
            </li>
          ))}
        </ul>
      )}
      <p class="error" role="alert">
        {deed.trouble.value}
      </p>
    </section>
  );
}

function Chooser({ pause }: { pause: (group: string, seconds: number | null) => void }) {
  const group = useSignal(EVERYBODY);
  return (
    <div class="chooser">
      {may("settings:read") && (
        <Groups chosen={group} everybody={t("choice.everybody")} label={t("choice.scope")} />
      )}
      {LENGTHS.map(([word, seconds]) => (
        <button key={word} type="button" onClick={() => pause(group.value, seconds)}>
          {t(`choice.${word}`)}
        </button>
      ))}
    </div>
  );
}

const scopeOf = (group: string) =>
  group === EVERYBODY
    ? { scope: "all" as const, name: "" }
    : { scope: "group" as const, name: group };
