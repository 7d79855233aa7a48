// For whom a list is fetched that belongs to a category, with the way to where that is said.

import { addressOf } from "../address";
import type { Schemas } from "../server/api";
import { T } from "../words/rich";
import { type Key, t } from "../words/words";
import { Foreign } from "./foreign";
import { isOfCategory, type List } from "./list_row";

type Wanting = Schemas["WantedBy"];

const WORDS: Readonly<Record<string, Key>> = { malware: "trait.malware", adult: "trait.adult" };

/** Nothing for a list that somebody chose. */
export function WantedBy({ list }: { list: List }) {
  if (!isOfCategory(list)) return null;
  const words = [...new Set(list.wanted_by.map(({ category }) => category))];
  return (
    <>
      {words.length === 0 && <p class="quiet">{t("list.of_category")}</p>}
      {words.map((word) => (
        <p key={word} class="quiet">
          <T
            k="list.wanted_by"
            values={{
              category: wordOf(word),
              who: <Who wanting={list.wanted_by.filter(({ category }) => category === word)} />,
            }}
          />
        </p>
      ))}
    </>
  );
}

function Who({ wanting }: { wanting: readonly Wanting[] }) {
  return (
    <>
      {wanting.map(({ scope, name }, index) => (
        <span key={`${scope} ${name}`}>
          {index > 0 && ", "}
          <a href={placeOf(scope, name)}>
            <Whose scope={scope} name={name} />
          </a>
        </span>
      ))}
    </>
  );
}

function Whose({ scope, name }: Pick<Wanting, "scope" | "name">) {
  if (scope === "household") return t("groups.household");
  const isElse = scope === "group" && name === "default";
  return isElse ? t("groups.everybody_else") : <Foreign text={name} />;
}

function placeOf(scope: Wanting["scope"], name: string): string {
  if (scope === "household") return addressOf("settings", { search: "filtering.categories" });
  return addressOf(scope === "group" ? "group" : "device", {}, name);
}

function wordOf(category: string): string {
  const words = WORDS[category];
  return words ? t(words) : category;
}
