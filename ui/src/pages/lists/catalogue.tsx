// Well-known lists to choose from, or one by its address; each may be tried on one's own history first.

import { useSignal } from "@preact/signals";
import { useDeed } from "../../parts/deed";
import { api, type Schemas, told } from "../../server/api";
import { usePolled } from "../../server/polled";
import { may } from "../../server/reach";
import type { Key } from "../../words/words";
import { t } from "../../words/words";
import { ByAddress } from "./by_address";
import { Entry } from "./entry";
import "./lists.css";

type Item = Schemas["CatalogueItem"];

const GROUPS: Readonly<Record<string, readonly [name: Key, about: Key]>> = {
  general: ["catalogue.general", "catalogue.general.about"],
  privacy: ["catalogue.privacy", "catalogue.privacy.about"],
  devices: ["catalogue.devices", "catalogue.devices.about"],
  security: ["catalogue.security", "catalogue.security.about"],
  content: ["catalogue.content", "catalogue.content.about"],
  regional: ["catalogue.regional", "catalogue.regional.about"],
};

export default function Catalogue() {
  const read = (signal: AbortSignal) => told(api.GET("/list-catalogue", { signal }));
  const polled = usePolled("catalogue", read, null);
  const deed = useDeed(polled.now);
  const wanted = useSignal("");
  const kind = useSignal("");
  const all = polled.last.value?.entries ?? [];
  const found = all.filter((item) => fits(item, wanted.value, kind.value));
  const groups = [...new Set(all.map(({ group }) => group))];
  return (
    <>
      {may("lists:write") && <ByAddress deed={deed} />}
      <section class="card" aria-labelledby="catalogue-title">
        <div class="card-head">
          <h1 id="catalogue-title">{t("catalogue.title")}</h1>
          <input
            type="search"
            aria-label={t("catalogue.search")}
            placeholder={t("catalogue.search")}
            value={wanted.value}
            onInput={(event) => {
              wanted.value = event.currentTarget.value;
            }}
          />
        </div>
        <p class="quiet">{t("catalogue.intro")}</p>
        <fieldset class="kinds" aria-label={t("catalogue.kinds")}>
          {["", ...groups].map((each) => (
            <button
              key={each}
              type="button"
              aria-pressed={kind.value === each}
              onClick={() => {
                kind.value = each;
              }}
            >
              {each === "" ? t("catalogue.all") : nameOf(each)}
            </button>
          ))}
        </fieldset>
        <p class="unseen" role="status">
          {t("catalogue.found", { count: found.length })}
        </p>
        {all.length > 0 && found.length === 0 && <p class="quiet">{t("catalogue.none")}</p>}
        <div id="catalogue">
          {groups.map((group) => (
            <Group key={group} group={group} items={found} onChanged={polled.now} />
          ))}
        </div>
      </section>
    </>
  );
}

function fits(item: Item, wanted: string, kind: string): boolean {
  const word = wanted.trim().toLowerCase();
  const text = `${item.name} ${item.id} ${item.purpose} ${nameOf(item.group)} ${item.licence}`;
  return (!kind || item.group === kind) && (!word || text.toLowerCase().includes(word));
}

function nameOf(group: string): string {
  const words = GROUPS[group];
  return words ? t(words[0]) : group;
}

interface GroupGiven {
  readonly group: string;
  readonly items: readonly Item[];
  readonly onChanged: () => void;
}

function Group({ group, items, onChanged }: GroupGiven) {
  const ours = items.filter((item) => item.group === group);
  const about = GROUPS[group]?.[1];
  if (ours.length === 0) return null;
  return (
    <section class="catalogue-group" aria-labelledby={`group-${group}`}>
      <h2 id={`group-${group}`}>{nameOf(group)}</h2>
      {about && <p class="quiet">{t(about)}</p>}
      <ul class="states rows">
        {ours.map((item) => (
          <Entry key={item.id} item={item} onChanged={onChanged} />
        ))}
      </ul>
    </section>
  );
}
