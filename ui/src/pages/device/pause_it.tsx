// The filter off for one client, for a time; and on again.

import { Trouble, useDeed } from "../../parts/deed";
import { LENGTHS } from "../../parts/lengths";
import { Left } from "../../parts/policy/left";
import { api, type Schemas, told } from "../../server/api";
import { may } from "../../server/reach";
import { t } from "../../words/words";

type Pause = Schemas["PauseStatus"];

interface Given {
  readonly name: string;
  readonly pauses: readonly Pause[];
  readonly onChanged: () => void;
}

/** Whether it is the pause of such a one, in whatever spelling. */
export const isOf = (pause: Pause, scope: Pause["scope"], name: string): boolean =>
  pause.scope === scope && pause.name.toLowerCase() === name.toLowerCase();

export function PauseIt({ name, pauses, onChanged }: Given) {
  const deed = useDeed(onChanged);
  const found = pauses.find((each) => isOf(each, "client", name));
  if (!found && !may("protection:write")) return null;
  const scope = "client" as const;
  const pause = (seconds: number | null) =>
    deed.run(() => told(api.POST("/protection/pause", { body: { scope, name, seconds } })));
  const resume = () =>
    deed.run(() => told(api.POST("/protection/resume", { body: { scope, name } })));
  return (
    <section aria-labelledby="pause-it-title">
      <h2 id="pause-it-title">{t("device.pause")}</h2>
      {found && (
        <p>
          <Left pause={found} />
        </p>
      )}
      {may("protection:write") && (
        <div class="choices">
          {found ? (
            <button type="button" class="main" disabled={deed.isBusy.value} onClick={resume}>
              {t("protection.resume")}
            </button>
          ) : (
            LENGTHS.map(([word, seconds]) => (
              <button
                key={word}
                type="button"
                disabled={deed.isBusy.value}
                onClick={() => pause(seconds)}
              >
                {t(`choice.${word}`)}
              </button>
            ))
          )}
        </div>
      )}
      <Trouble deed={deed} />
    </section>
  );
}
