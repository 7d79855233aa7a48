// Step four: what is blocked, for everybody and for children.

import { Trouble, useDeed } from "../../parts/deed";
import { Foreign, Listed } from "../../parts/foreign";
import { isComing } from "../../parts/list_row";
import { noteChange } from "../../parts/policy/undo";
import { api, type Schemas, told } from "../../server/api";
import { usePolled } from "../../server/polled";
import { t, translated } from "../../words/words";
import { Children } from "./children";
import { Kinds } from "./kinds";
import { change } from "./known";
import { changesTo, isInUse, itemsOf, namesOf, SET_NAMES, type SetName } from "./sets";

const EVERY_MS = 3_000;

export function BlockingStep({ undone }: { undone: number }) {
  return (
    <>
      <Sets undone={undone} />
      <Kinds undone={undone} />
      <Children undone={undone} />
    </>
  );
}

/** `undone` is another when something was taken back: then what there is is read again. */
function Sets({ undone }: { undone: number }) {
  const catalogue = usePolled(
    "catalogue",
    (signal) => told(api.GET("/list-catalogue", { signal })),
    null,
  ).last.value?.entries;
  const read = (signal: AbortSignal) => told(api.GET("/lists", { signal }));
  const polled = usePolled("lists", read, EVERY_MS, [undone]);
  const lists = polled.last.value?.lists;
  const deed = useDeed(polled.now);
  return (
    <section class="card" aria-labelledby="sets-title">
      <h2 id="sets-title">{t("start.sets.title")}</h2>
      <p class="quiet">{t("start.sets.about")}</p>
      <Trouble deed={deed} />
      <ul id="sets" class="choices-list">
        {catalogue &&
          lists &&
          SET_NAMES.map((name) => {
            const items = itemsOf(catalogue, name);
            const use = () =>
              deed.run(async () => {
                const done = await change(changesTo(name, catalogue, lists));
                noteChange(t("start.done.set", { name: t(`start.sets.${name}`) }), done);
              });
            return (
              <Choice
                key={name}
                name={name}
                items={items}
                isInUse={isInUse(name, catalogue, lists)}
                isBusy={deed.isBusy.value}
                onUse={use}
              />
            );
          })}
      </ul>
      {lists && <Coming lists={lists} />}
    </section>
  );
}

interface ChoiceGiven {
  readonly name: SetName;
  readonly items: readonly Schemas["CatalogueItem"][];
  readonly isInUse: boolean;
  readonly isBusy: boolean;
  readonly onUse: () => void;
}

function Choice({ name, items, isInUse: isChosen, isBusy, onUse }: ChoiceGiven) {
  const called = t(`start.sets.${name}`);
  return (
    <li data-chosen={isChosen ? "" : undefined}>
      <h3>{called}</h3>
      <p>{t(`start.sets.${name}_life`)}</p>
      <p class="quiet">
        {t("catalogue.about", { names: t("names.count", { count: namesOf(items) }) })}
      </p>
      <p class="quiet">
        <Listed texts={items.map((item) => item.name)} />
      </p>
      {isChosen ? (
        <p class="good">{t("start.sets.in_use")}</p>
      ) : (
        <div class="choices">
          <button
            type="button"
            class={name === "balanced" ? "main" : ""}
            disabled={isBusy}
            onClick={onUse}
            aria-label={t("start.sets.use_it", { name: called })}
          >
            {t("start.sets.use")}
          </button>
        </div>
      )}
    </li>
  );
}

/** How far the lists have come that are in use now. */
function Coming({ lists }: { lists: Schemas["Lists"]["lists"] }) {
  const enabled = lists.filter((list) => list.enabled);
  const coming = enabled.filter(isComing);
  const failed = enabled.filter(({ error, state }) => error && state !== "ready");
  const names = enabled.reduce((sum, list) => sum + list.names, 0);
  return (
    <div id="sets-state" role="status">
      {coming.length > 0 ? (
        <p class="waiting">
          {t("overview.coming", { count: coming.length })}{" "}
          <Foreign text={coming.map(({ name }) => name).join(", ")} />
        </p>
      ) : (
        failed.length === 0 &&
        enabled.length > 0 && (
          <p class="good">
            {t("start.sets.ready", {
              count: enabled.length,
              names: t("names.count", { count: names }),
            })}
          </p>
        )
      )}
      {failed.map(({ name, error }) => (
        <p key={name} class="error">
          <Foreign text={t("lists.away", { name, error: translated(error ?? "") })} />
        </p>
      ))}
    </div>
  );
}
