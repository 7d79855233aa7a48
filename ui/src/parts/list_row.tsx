// A list: what it holds and does, what is wrong with it, and what can be done about that.

import { type ComponentChildren, Fragment } from "preact";
import { addressOf } from "../address";
import type { Schemas } from "../server/api";
import { may } from "../server/reach";
import { ago, count, duration, size } from "../words/format";
import { T } from "../words/rich";
import { t } from "../words/words";
import { Foreign, Translated } from "./foreign";

export type List = Schemas["ListInfo"];

/** Nobody chose it by itself: it is fetched for a category, and goes with it. */
export const isOfCategory = ({ origin }: Pick<List, "origin">): boolean => origin === "category";

/** Whether it may have another name here, be switched off, or go. */
export const isChangeable = (list: Pick<List, "origin" | "held_by">): boolean =>
  !list.held_by && !isOfCategory(list);

export const isComing = ({ state }: List): boolean => state === "missing";

interface RowGiven {
  readonly list: List;
  readonly accept: (name: string) => void;
  readonly isBusy: boolean;
  /** Buttons of the page that shows it. */
  readonly children?: ComponentChildren;
}

export function ListRow({ list, accept, isBusy, children }: RowGiven) {
  return (
    <li class={toneOf(list)}>
      <span class="mark" aria-hidden="true" />
      <span>
        <a class="link" href={addressOf("list", {}, list.name)}>
          <Foreign text={list.name} look="isolated strong" />
        </a>
        <span class="quiet">{stateOf(list)}</span>
        {list.error && (
          <span class="error">
            <Translated text={list.error} />
          </span>
        )}
        {list.quarantine && (
          <span class="held">
            <span class="error">
              <T
                k="lists.held"
                values={{
                  names: t("names.count", { count: list.quarantine.names }),
                  reason: <Translated text={list.quarantine.reason} />,
                }}
              />
            </span>
            {may("lists:write") && (
              <button type="button" disabled={isBusy} onClick={() => accept(list.name)}>
                {t("lists.use_all_the_same")}
              </button>
            )}
          </span>
        )}
        {list.enabled && <Details list={list} />}
        {children}
      </span>
    </li>
  );
}

/** How it does, in a word for colours. */
export function toneOf({ quarantine, error, state }: List): string {
  if (quarantine || error) return "trouble";
  return { ready: "fine", disabled: "off", missing: "off" }[state as string] ?? "trouble";
}

/** How it does, in a line. */
export function stateOf(list: List): string {
  if (list.state === "disabled") return t("lists.off");
  if (list.state === "missing") return t("lists.coming");
  const parts = [t("names.count", { count: list.names })];
  if (list.kind === "allow") parts.push(t("lists.allows"));
  else if (list.hits_day != null) parts.push(t("lists.blocked_a_day", { count: list.hits_day }));
  if (list.refused) parts.push(t("lists.not_understood", { count: list.refused }));
  if (list.checked != null) parts.push(t("lists.checked", { when: ago(list.checked) }));
  return parts.join(" · ");
}

function Details({ list }: { list: List }) {
  return (
    <details>
      <summary>{t("details")}</summary>
      <dl class="facts">
        <dt>{t("lists.from")}</dt>
        <dd>
          <Foreign text={list.url} />
        </dd>
        {factsOf(list).map(([term, value]) => (
          <Fragment key={term}>
            <dt>{term}</dt>
            <dd>{value}</dd>
          </Fragment>
        ))}
        {list.refused > 0 && (
          <>
            <dt>{t("lists.lines_refused")}</dt>
            <dd>
              <Refusals list={list} />
            </dd>
          </>
        )}
      </dl>
    </details>
  );
}

/** What is known of it, in words. */
export function factsOf(list: List): [string, string][] {
  const found: [string, string][] = [];
  if (list.rules) found.push([t("lists.rules"), count(list.rules)]);
  if (list.unique != null)
    found.push([t("lists.unique"), t("names.count", { count: list.unique })]);
  if (list.hits_day != null && list.hits_week != null && list.kind === "block") {
    const values = { day: count(list.hits_day), week: count(list.hits_week) };
    found.push([t("overview.blocked"), t("lists.day_and_week", values)]);
  }
  if (list.changed != null) found.push([t("lists.last_changed"), ago(list.changed)]);
  if (list.taken_from) found.push([t("lists.fetched_by"), list.taken_from]);
  if (list.compile_s != null) {
    const values = {
      fetch: duration((list.fetch_s ?? 0) * 1000),
      compile: duration(list.compile_s * 1000),
    };
    found.push([t("lists.took"), t("lists.fetch_and_compile", values)]);
  }
  if (list.versions) {
    const values = { size: size(list.disk_bytes), count: list.versions };
    found.push([t("lists.on_disk"), t("lists.versions", values)]);
  }
  return found;
}

/** Its lines that hold no rule: how many for each reason, and some of them. */
export function Refusals({ list }: { list: List }) {
  const reasons = Object.entries(list.refused_reasons).sort(([, one], [, other]) => other - one);
  return (
    <>
      {reasons.map(([reason, number]) => (
        <div key={reason}>
          {count(number)}: <Translated text={reason} />
        </div>
      ))}
      {list.refused_samples.map(({ line, text }) => (
        <div key={line} class="quiet">
          {t("lists.line", { line: String(line) })} <Foreign text={text} />
        </div>
      ))}
    </>
  );
}
