// "What may it do now?": a name, and whether this device gets an answer, why, and what would change it.

import { useSignal } from "@preact/signals";
import { TYPING_MS, useAsked } from "../../parts/asked";
import { Foreign, ListName, Translated } from "../../parts/foreign";
import { api, type Schemas, told } from "../../server/api";
import { T } from "../../words/rich";
import { t } from "../../words/words";
import type { Subject } from "./subject";

type Explained = Schemas["Explained"];

export function MayIt({ subject, revision }: { subject: Subject; revision: string }) {
  const name = useSignal("");
  const at = useSignal("");
  const question = {
    name: name.value.trim(),
    client: subject.asked,
    at: at.value.trim(),
    revision,
  };
  const { found, trouble } = useAsked(
    question.name ? question : null,
    ({ revision: _, ...body }, signal) => told(api.POST("/explain", { body, signal })),
    TYPING_MS,
  );
  return (
    <section class="card" aria-labelledby="may-title">
      <div class="card-head">
        <h2 id="may-title">{t("device.may")}</h2>
      </div>
      <p class="quiet">{t("device.may.about")}</p>
      <search class="filters asking">
        <Text label={t("test.name")} value={name} placeholder="www.example.org" />
        <Text label={t("test.at")} value={at} placeholder={t("device.may.now")} />
      </search>
      <p class="error" role="alert">
        {trouble.value}
      </p>
      <div id="may-answer" role="status">
        {found.value && <Answer found={found.value} />}
      </div>
    </section>
  );
}

interface TextGiven {
  readonly label: string;
  readonly value: { value: string };
  readonly placeholder: string;
}

function Text({ label, value, placeholder }: TextGiven) {
  return (
    <label>
      <span>{label}</span>
      <input
        type="search"
        autocomplete="off"
        autocapitalize="off"
        spellcheck={false}
        maxLength={1000}
        placeholder={placeholder}
        value={value.value}
        onInput={(event) => {
          value.value = event.currentTarget.value;
        }}
      />
    </label>
  );
}

function Answer({ found }: { found: Explained }) {
  const { outcome, decided_by, detail, stages, changes } = found;
  const isBlocked = outcome.startsWith("blocked");
  const decisive = stages.find(({ decides }) => decides);
  return (
    <>
      <p class={isBlocked ? "blocked" : "fine"}>
        <span class="mark" aria-hidden="true" />
        <strong>
          <T
            k={isBlocked ? "device.may.no" : "device.may.yes"}
            values={{ name: <Foreign text={found.name} /> }}
          />
        </strong>
        {decided_by.list && (
          <T k="happened.by" values={{ list: <ListName text={decided_by.list} /> }} />
        )}
        {decided_by.rule && (
          <>
            : <Foreign text={decided_by.rule} look="rule" />
          </>
        )}
      </p>
      {decisive && (
        <p class="quiet">
          <Translated text={decisive.says} /> {detail && <Translated text={detail} />}
        </p>
      )}
      {changes.length > 0 && (
        <>
          <h3>{t("device.may.changes")}</h3>
          <ul class="rules">
            {changes.map(({ effect, change, where, items, note }) => (
              <li key={`${effect} ${change} ${where} ${items.join()}`}>
                <span>
                  {t(`device.effect.${effect}`)} {t(`device.change.${change}`)}{" "}
                  <Foreign text={where} look="rule" />{" "}
                  <Foreign text={items.join(", ")} look="rule" />{" "}
                  <Translated text={note} look="isolated quiet" />
                </span>
              </li>
            ))}
          </ul>
        </>
      )}
    </>
  );
}
