// Search engines that leave out what is not for children.

import { Trouble, useDeed } from "../../parts/deed";
import { api, type Schemas, told } from "../../server/api";
import { usePolled } from "../../server/polled";
import { may } from "../../server/reach";
import { t } from "../../words/words";
import { Held } from "./group";
import { Icon } from "./icon";

type Engine = Schemas["SearchEngine"];
type Level = Engine["level"];

export function SafeSearch() {
  const read = (signal: AbortSignal) => told(api.GET("/safe-search", { signal }));
  const polled = usePolled("safe search", read, null);
  const deed = useDeed(polled.now);
  const mayNot = !may("rules:write") || deed.isBusy.value;
  const engines = polled.last.value?.engines ?? [];
  const set = (levels: Readonly<Partial<Record<Engine["id"], Level>>>) =>
    deed.run(() => told(api.PATCH("/safe-search", { body: { engines: levels } })));
  const free = engines.filter(({ held_by }) => !held_by);
  const all = (level: Level) => set(Object.fromEntries(free.map(({ id }) => [id, level])));
  return (
    <section class="card" aria-labelledby="safe-search-title">
      <div class="card-head">
        <h2 id="safe-search-title">{t("safe_search.title")}</h2>
        {may("rules:write") && free.length > 0 && (
          <span class="choices">
            <button type="button" disabled={mayNot} onClick={() => all("strict")}>
              {t("safe_search.all_on")}
            </button>
            <button type="button" disabled={mayNot} onClick={() => all("off")}>
              {t("safe_search.all_off")}
            </button>
          </span>
        )}
      </div>
      <p class="quiet">{t("safe_search.about")}</p>
      <Trouble deed={deed} />
      <ul class="service-list engines">
        {engines.map((engine) => (
          <li key={engine.id} class="service">
            <label htmlFor={`engine-${engine.id}`}>
              <Icon name={engine.name} group="" />
              <span class="about">{engine.name}</span>
              <select
                id={`engine-${engine.id}`}
                value={engine.level}
                disabled={mayNot || engine.held_by !== ""}
                onChange={(event) => set({ [engine.id]: event.currentTarget.value as Level })}
              >
                {engine.levels.map((level) => (
                  <option key={level} value={level}>
                    {t(`safe_search.${level}`)}
                  </option>
                ))}
              </select>
            </label>
            {engine.held_by && <Held where={engine.held_by} />}
          </li>
        ))}
      </ul>
    </section>
  );
}
