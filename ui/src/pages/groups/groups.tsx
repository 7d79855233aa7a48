// What applies to whom: the household and all groups side by side, what is different marked.

import { useSignal } from "@preact/signals";
import { addressOf } from "../../address";
import { Foreign, Translated } from "../../parts/foreign";
import { type Item, type Known, saidBy, useKnown } from "../../parts/policy/known";
import { traitName, valueText } from "../../parts/policy/naming";
import { ofHousehold, saidAt, turnsOf } from "../../parts/policy/traits";
import { LastChange } from "../../parts/policy/undo";
import { may } from "../../server/reach";
import { t } from "../../words/words";
import { membersOf } from "./members_of";
import "./groups.css";

const LONGEST = 100;

export default function Groups() {
  const polled = useKnown();
  const found = polled.last.value;
  return (
    <>
      <LastChange onUndone={polled.now} />
      <section class="card" aria-labelledby="groups-title">
        <div class="card-head">
          <h1 id="groups-title">{t("nav.groups")}</h1>
          {may("settings:write") && <NewGroup taken={found?.groups} />}
        </div>
        <p class="quiet">{t("groups.about")}</p>
        <p class="quiet small sideways">{t("groups.sideways")}</p>
        {found && <Matrix known={found} />}
      </section>
    </>
  );
}

/** The way to the page of a group that is not there yet: it is made where it says something. */
function NewGroup({ taken }: { taken: readonly Item[] | undefined }) {
  const name = useSignal("");
  const trouble = useSignal("");
  function begin(event: Event): void {
    event.preventDefault();
    const wanted = name.value.trim();
    const isTaken = taken?.some((each) => each.name.toLowerCase() === wanted.toLowerCase());
    trouble.value = isTaken ? t("groups.taken") : "";
    if (wanted && !isTaken) location.hash = addressOf("group", { new: "yes" }, wanted);
  }
  return (
    <form class="naming" onSubmit={begin}>
      <input
        type="text"
        aria-label={t("groups.new_name")}
        placeholder={t("groups.new_name")}
        maxLength={LONGEST}
        required
        value={name.value}
        onInput={(event) => {
          name.value = event.currentTarget.value;
        }}
      />
      <button type="submit" disabled={!taken}>
        {t("groups.make")}
      </button>
      <p class="error" role="alert">
        {trouble.value}
      </p>
    </form>
  );
}

interface Column {
  readonly name: string;
  readonly item: Item | undefined;
}

function Matrix({ known }: { known: Known }) {
  const columns = columnsOf(known);
  const traits = known.traits.filter(({ path }) => isTold(path, known));
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and keys are to reach what is beyond
    <section class="matrix" aria-label={t("groups.side_by_side")} tabIndex={0}>
      <table>
        <thead>
          <tr>
            <td />
            <th scope="col">{t("groups.household")}</th>
            {columns.map(({ name }) => (
              <th key={name} scope="col">
                <a href={addressOf("group", {}, name)}>
                  {name === "default" ? t("groups.everybody_else") : <Foreign text={name} />}
                </a>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {traits.map(({ path }) => (
            <tr key={path}>
              <th scope="row">{traitName(path)}</th>
              <td class="quiet">{cellText(path, ofHousehold(known.settings, path), known)}</td>
              {columns.map((column) => (
                <Cell key={column.name} known={known} column={column} path={path} />
              ))}
            </tr>
          ))}
          <tr>
            <th scope="row">{t("trait.schedules")}</th>
            <td class="quiet">{t("trait.nothing")}</td>
            {columns.map(({ name, item }) => {
              const turns = turnsOf(saidBy(item)).map(({ when }) => when);
              return turns.length > 0 ? (
                <td key={name} class="own">
                  <Foreign text={turns.join(", ")} />
                </td>
              ) : (
                <AsHousehold key={name} />
              );
            })}
          </tr>
          <tr>
            <th scope="row">{t("groups.members")}</th>
            <td />
            {columns.map(({ name }) => (
              <td key={name}>
                <Foreign
                  text={
                    membersOf(known, name)
                      .map((each) => each.name)
                      .join(", ") || t("trait.nothing")
                  }
                />
              </td>
            ))}
          </tr>
          <tr>
            <th scope="row">{t("groups.held")}</th>
            <td />
            {columns.map(({ name, item }) => (
              <td key={name} class="quiet">
                <Translated text={item?.locked ?? ""} />
              </td>
            ))}
          </tr>
        </tbody>
      </table>
    </section>
  );
}

interface CellGiven {
  readonly known: Known;
  readonly column: Column;
  readonly path: string;
}

function Cell({ known, column: { item }, path }: CellGiven) {
  const value = saidAt(saidBy(item), path);
  if (value === undefined) return <AsHousehold />;
  return (
    <td class="own">
      <Foreign text={cellText(path, value, known)} />
    </td>
  );
}

function AsHousehold() {
  return (
    <td class="quiet">
      <span aria-hidden="true">·</span>
      <span class="unseen">{t("groups.as_household")}</span>
    </td>
  );
}

/** All groups; "default" is one even where nothing is said for it. */
function columnsOf({ groups }: Known): readonly Column[] {
  const named = groups.map((item) => ({ name: item.name, item }));
  const hasDefault = named.some(({ name }) => name.toLowerCase() === "default");
  return hasDefault ? named : [...named, { name: "default", item: undefined }];
}

/** What is mostly of use, and whatever some group says. */
function isTold(path: string, { groups }: Known): boolean {
  const isDetail = /^(safe_search|builtin)\.|custom_ip|\.ttl$/.test(path);
  const isCommon = ["safe_search.google", "safe_search.youtube"].includes(path);
  return !isDetail || isCommon || groups.some((each) => saidAt(saidBy(each), path) !== undefined);
}

const FEW_RULES = 2;

/** A value as it fits a cell: many rules are only counted. */
function cellText(path: string, value: unknown, known: Known): string {
  const isLong = path === "rules" && Array.isArray(value) && value.length > FEW_RULES;
  return isLong ? t("groups.rules", { count: value.length }) : valueText(path, value, known.called);
}
