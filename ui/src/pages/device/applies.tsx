// What applies to a device now: what is different for it, who says so, which schedules are open and
// until when, and what is paused.

import { addressOf } from "../../address";
import { Foreign } from "../../parts/foreign";
import { groupOf, itemOf, type Known, saidBy } from "../../parts/policy/known";
import { traitName, valueText } from "../../parts/policy/naming";
import { changesText } from "../../parts/policy/saving";
import { ofHousehold, pathsOf, saidAt, type Turn, turnsOf } from "../../parts/policy/traits";
import { api, type Schemas, told } from "../../server/api";
import { usePolled } from "../../server/polled";
import { moment, span } from "../../words/format";
import { T } from "../../words/rich";
import { t } from "../../words/words";
import { inWords } from "../schedules/week";
import { openingOf } from "../schedules/windows";
import type { Subject } from "./subject";

const EVERY_MS = 30_000;
/** Any name will do: what applies is the same for all. */
const A_NAME = "example.org";
const RULES = "rules";

type Applied = Schemas["WhatApplies"];
type Layer = Schemas["Layer"];

interface Given {
  readonly subject: Subject;
  readonly known: Known;
  readonly revision: string;
}

export function Applies({ subject, known, revision }: Given) {
  const read = (signal: AbortSignal) =>
    told(api.POST("/explain", { body: { name: A_NAME, client: subject.asked }, signal }));
  const polled = usePolled("applies", read, EVERY_MS, [subject.asked, revision]);
  const applied = polled.last.value?.applies;
  const turns = turnsFor(subject, known);
  return (
    <section class="card" aria-labelledby="applies-title">
      <div class="card-head">
        <h2 id="applies-title">{t("device.applies")}</h2>
      </div>
      {applied && <Now applied={applied} known={known} />}
      {turns.length > 0 && (
        <>
          <h3>{t("device.schedules")}</h3>
          <ul class="rules">
            {turns.map(({ turn, whose }) => (
              <li key={`${whose} ${turn.when}`}>
                <span>
                  <a href={addressOf("schedules")}>
                    <Foreign text={turn.when} />
                  </a>{" "}
                  <span class="quiet">{hoursOf(turn.when, known)}</span>:{" "}
                  <Foreign text={changesText(turn, known.called)} />{" "}
                  <span class="quiet">
                    (<Foreign text={whose} />)
                  </span>
                </span>
              </li>
            ))}
          </ul>
        </>
      )}
    </section>
  );
}

function Now({ applied, known }: { applied: Applied; known: Known }) {
  const traits = effective(applied.layers);
  return (
    <div class="applies">
      {applied.pauses.map((pause) => (
        <p key={`${pause.scope} ${pause.name}`} class="error">
          {t(`protection.scope.${pause.scope}`)} <Foreign text={pause.name} look="strong" />{" "}
          {pause.left_s != null &&
            t("device.pause_left", { left: span(Math.max(pause.left_s, 1)) })}
        </p>
      ))}
      <p>
        {applied.open.length > 0 ? (
          <T k="device.open" values={{ names: <Foreign text={applied.open.join(", ")} /> }} />
        ) : (
          t("device.none_open")
        )}{" "}
        {applied.until != null && t("device.until", { when: moment(applied.until) })}
      </p>
      {traits.length === 0 && <p>{t("device.as_household")}</p>}
      <ul>
        {traits.map(({ key, path, value, layer }) => (
          <li key={key}>
            {traitName(path)}:{" "}
            <strong>
              <Foreign text={valueText(path, value, known.called)} />
            </strong>{" "}
            <span class="quiet">
              {sayer(layer)} ·{" "}
              {t("device.household_has", {
                value: valueText(path, ofHousehold(known.settings, path), known.called),
              })}
            </span>
          </li>
        ))}
      </ul>
    </div>
  );
}

interface Effective {
  readonly key: string;
  readonly path: string;
  readonly value: unknown;
  readonly layer: Layer;
}

/** What is said at each path, by the last layer that says something there; rules add up, so those
 *  of each layer. */
function effective(layers: readonly Layer[]): readonly Effective[] {
  const found = new Map<string, Effective>();
  layers.forEach((layer, place) => {
    for (const path of pathsOf(layer.says)) {
      const key = path === RULES ? `${path} ${place}` : path;
      found.set(key, { key, path, value: saidAt(layer.says, path), layer });
    }
  });
  return [...found.values()];
}

function sayer({ kind, name, schedule }: Layer): string {
  if (schedule) return t("device.says.schedule", { schedule, name });
  return t(kind === "group" ? "device.says.group" : "device.says.client", { name });
}

interface Followed {
  readonly turn: Turn;
  readonly whose: string;
}

/** All schedules that it goes by, its own and those of its group. */
function turnsFor({ client, devices }: Subject, known: Known): readonly Followed[] {
  const group = client ? groupOf(saidBy(client)) : (devices[0]?.group ?? "default");
  const of = (whose: string, turns: readonly Turn[]) => turns.map((turn) => ({ turn, whose }));
  return [
    ...of(group, turnsOf(saidBy(itemOf(known.groups, group)))),
    ...of(client?.name ?? "", turnsOf(saidBy(client))),
  ];
}

function hoursOf(schedule: string, known: Known): string {
  const windows = (saidBy(itemOf(known.schedules, schedule)).windows ?? []) as readonly string[];
  return windows
    .map((text) => {
      const opening = openingOf(text);
      return opening ? inWords(opening) : text;
    })
    .join("; ");
}
