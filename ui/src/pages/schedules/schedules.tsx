// Hours of the week under a name: drawn, changed, and who goes by them.

import { useSignal } from "@preact/signals";
import { Foreign } from "../../parts/foreign";
import { useKnown } from "../../parts/policy/known";
import { LastChange } from "../../parts/policy/undo";
import { may } from "../../server/reach";
import { T } from "../../words/rich";
import { t } from "../../words/words";
import { Schedule } from "./schedule";

export default function Schedules() {
  const polled = useKnown();
  const found = polled.last.value;
  const isMaking = useSignal(false);
  const zone = found?.settings.find(({ key }) => key === "time_zone")?.value;
  return (
    <>
      <LastChange onUndone={polled.now} />
      <section class="card" aria-labelledby="schedules-title">
        <div class="card-head">
          <h1 id="schedules-title">{t("nav.schedules")}</h1>
          {may("settings:write") && !isMaking.value && (
            <button
              type="button"
              onClick={() => {
                isMaking.value = true;
              }}
            >
              {t("schedules.make")}
            </button>
          )}
        </div>
        <p class="quiet">{t("schedules.about")}</p>
        {found && (
          <p class="quiet">
            {zone ? (
              <T k="schedules.zone" values={{ zone: <Foreign text={String(zone)} /> }} />
            ) : (
              t("schedules.zone_of_machine")
            )}
          </p>
        )}
        {found?.schedules.length === 0 && <p>{t("schedules.none")}</p>}
      </section>
      {found && isMaking.value && (
        <Schedule
          known={found}
          item={null}
          onChanged={async () => {
            isMaking.value = false;
            await polled.now();
          }}
          onOld={polled.now}
        />
      )}
      {found?.schedules.map((item) => (
        <Schedule
          key={item.name}
          known={found}
          item={item}
          onChanged={polled.now}
          onOld={polled.now}
        />
      ))}
    </>
  );
}
