// A list of the catalogue: what it is for, what it is like to live with, and what it would do here.

import { addressOf } from "../../address";
import { Trouble, useDeed } from "../../parts/deed";
import { Foreign } from "../../parts/foreign";
import { api, type Schemas, told } from "../../server/api";
import { may } from "../../server/reach";
import { t, translated } from "../../words/words";
import { Tried, useTrial } from "./trial";

type Item = Schemas["CatalogueItem"];

const SMALL = 10_000;
const LARGE = 250_000;

export function Entry({ item, onChanged }: { item: Item; onChanged: () => void }) {
  const deed = useDeed(onChanged);
  const trial = useTrial();
  const body = { source: item.id, kind: "block" as const };
  const isBusy = deed.isBusy.value || trial.deed.isBusy.value;
  return (
    <li>
      <span>
        <Foreign text={item.name} look="isolated strong" />
        <span>{translated(item.purpose)}</span>
        <span class="living small" data-living={item.living}>
          {t(`catalogue.living.${item.living}`)}
        </span>
        <span class="quiet">
          {t(item.names_checked ? "catalogue.about" : "catalogue.about_unchecked", {
            names: t("names.count", { count: item.names }),
          })}
          {", "}
          {t(sizeOf(item.names))} ·{" "}
          {item.licence_checked
            ? translated(item.licence)
            : t("catalogue.licence", { licence: translated(item.licence) })}{" "}
          ·{" "}
          <a href={item.home} target="_blank" rel="noreferrer">
            {t("catalogue.home")}
          </a>
        </span>
        <Trouble deed={deed} />
      </span>
      {item.used_as !== null ? (
        <span class="quiet">
          {t("catalogue.used_as")}{" "}
          <a href={addressOf("list", {}, item.used_as)}>
            <Foreign text={item.used_as} />
          </a>
        </span>
      ) : (
        may("lists:write") && (
          <span class="choices">
            <button type="button" disabled={isBusy} onClick={() => trial.begin(item.id, "block")}>
              {t("catalogue.preview")}
            </button>
            <button
              type="button"
              disabled={isBusy}
              onClick={() => deed.run(() => told(api.POST("/lists", { body })))}
            >
              {t("catalogue.add")}
            </button>
          </span>
        )
      )}
      <Tried trial={trial} />
    </li>
  );
}

function sizeOf(names: number) {
  if (names < SMALL) return "catalogue.size.small" as const;
  return names < LARGE ? ("catalogue.size.medium" as const) : ("catalogue.size.large" as const);
}
