// What becomes of a question: who decides, step by step, what others get, and what would change it.

import { addressOf } from "../../address";
import { Foreign, ListName, Named, Translated } from "../../parts/foreign";
import { outcomeWord } from "../../parts/outcome";
import type { Schemas } from "../../server/api";
import { may } from "../../server/reach";
import { T } from "../../words/rich";
import { isKey, t } from "../../words/words";
import { propose } from "./draft";
import { Coloured } from "./line";

type Explained = Schemas["Explained"];
type Change = Schemas["WhatWouldChange"];

const OWN = "filtering.rules";

export function Why({ found }: { found: Explained }) {
  const { outcome, decided_by, client, opinions, stages } = found;
  return (
    <div id="why" class="why" role="status">
      <p class={outcome.startsWith("blocked") ? "blocked" : "fine"}>
        <span class="mark" aria-hidden="true" />
        <strong>{outcomeWord(outcome)}</strong>{" "}
        {decided_by.list && (
          <T
            k={decided_by.line ? "happened.by_line" : "happened.by"}
            values={{
              list: <ListName text={decided_by.list} />,
              line: String(decided_by.line ?? ""),
            }}
          />
        )}
        {decided_by.rule && (
          <>
            : <Coloured text={decided_by.rule} />
          </>
        )}
      </p>
      <p class="quiet">
        {t("test.for")} <Named name={client.address} read={client.name} />
        {", "}
        <T k="test.in_group" values={{ group: <Foreign text={found.group} /> }} />
      </p>
      <Differently found={found} />
      <WouldChange found={found} />
      <details>
        <summary>{t("test.stages")}</summary>
        <dl class="facts">
          {stages.map(({ stage, says, decides }) => (
            <div key={stage} class={decides ? "stage decides" : "stage"}>
              <dt>{stageWord(stage)}</dt>
              <dd>
                <Translated text={says} />
              </dd>
            </div>
          ))}
        </dl>
      </details>
      {opinions.length > 0 && (
        <details>
          <summary>{t("test.opinions", { count: opinions.length })}</summary>
          <ul class="rules">
            {opinions.map((opinion) => (
              <li key={`${opinion.list} ${opinion.line}`}>
                <span>
                  <Coloured text={opinion.rule ?? ""} />{" "}
                  <span class="quiet">
                    <ListName text={opinion.list ?? ""} /> <Translated text={opinion.note} />
                  </span>
                </span>
              </li>
            ))}
          </ul>
        </details>
      )}
    </div>
  );
}

/** A stage that a question passes, as people call it; itself where they do not. */
function stageWord(stage: string): string {
  const key = `stage.${stage}`;
  return isKey(key) ? t(key) : stage;
}

/** What is open or paused, and what the same name is for others. */
function Differently({ found: { applies, others } }: { found: Explained }) {
  return (
    <>
      {applies.open.length > 0 && (
        <p class="quiet">
          {t("test.open")} <Foreign text={applies.open.join(", ")} />
        </p>
      )}
      {applies.pauses.map(({ scope, name }) => (
        <p key={`${scope} ${name}`} class="quiet">
          {t("test.paused")} {t(`protection.scope.${scope}`)} <Foreign text={name} />
        </p>
      ))}
      {others.length > 0 && (
        <ul class="rules">
          {others.map(({ group, clients, outcome, list }) => (
            <li key={`${group} ${clients.join()}`}>
              <span>
                <Foreign text={clients.length > 0 ? clients.join(", ") : group} look="strong" />:{" "}
                {outcomeWord(outcome)} {list && <ListName text={list} look="isolated quiet" />}
              </span>
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

/** What would make a difference; what is a rule of one's own can be put into the editor. */
function WouldChange({ found: { changes, name, client } }: { found: Explained }) {
  return (
    <>
      {changes.length > 0 && (
        <details>
          <summary>{t("test.changes")}</summary>
          <ul class="rules would-change">
            {changes.map((change) => (
              <li key={JSON.stringify(change)}>
                <What change={change} />
                {change.where === OWN && change.change === "add" && may("rules:write") && (
                  <button type="button" onClick={() => propose(change.items)}>
                    {t("test.to_rules")}
                  </button>
                )}
              </li>
            ))}
          </ul>
        </details>
      )}
      <p class="links">
        <a href={addressOf("queries", { exact: name })}>{t("detail.same_name")}</a>
        {client.name && (
          <a href={addressOf("queries", { exact: name, client: client.address })}>
            {t("test.of_client")}
          </a>
        )}
      </p>
    </>
  );
}

function What({ change: { effect, change, where, items, note, command } }: { change: Change }) {
  return (
    <span>
      {t(`test.effect.${effect}`)}{" "}
      {change !== "none" && (
        <>
          {t(`test.change.${change}`)} <Foreign text={where} look="rule" />:{" "}
          <Foreign text={items.join(", ")} look="rule" />
        </>
      )}{" "}
      <span class="quiet">
        <Translated text={note} />
      </span>
      {command && (
        <>
          <br />
          <code>
            <Foreign text={command} />
          </code>
        </>
      )}
    </span>
  );
}
