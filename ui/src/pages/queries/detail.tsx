// All about one query: what was asked and answered, who decided and why, and what can be done about it.

import { useSignal } from "@preact/signals";
import { type ComponentChildren, Fragment } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { addressOf } from "../../address";
import { Client, Foreign } from "../../parts/foreign";
import { api, Refused, type Schemas, told } from "../../server/api";
import { usePolled } from "../../server/polled";
import { may } from "../../server/reach";
import { duration, moment } from "../../words/format";
import { t } from "../../words/words";
import { Choice } from "./choice";
import type { Row } from "./filter";
import { Happened, tone, transport } from "./happened";
import { Why } from "./why";

const AROUND_S = 60;
const UNWRITTEN = "row_unknown";

export function Detail({ row, onClose }: { row: Row; onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    dialog.current?.showModal();
  }, []);
  const whole = usePolled("row", (signal) => read(row, signal), null, [row.id]).last.value ?? row;
  const times = useSignal(0);
  return (
    <dialog
      ref={dialog}
      class="drawer"
      aria-labelledby="detail-title"
      onClose={onClose}
      closedby="any"
    >
      <div class={`detail ${tone(whole)}`}>
        <div class="card-head">
          <h2 id="detail-title">
            {whole.name ? <Foreign text={whole.name} look="name" /> : t("queries.no_name")}
          </h2>
          <button type="button" onClick={() => dialog.current?.close()}>
            {t("close")}
          </button>
        </div>
        <p class="happened">
          <span class="mark" aria-hidden="true" />
          <Happened row={whole} />
        </p>
        <dl class="facts">
          {factsOf(whole).map(([term, value]) => (
            <Fragment key={term}>
              <dt>{term}</dt>
              <dd>{value}</dd>
            </Fragment>
          ))}
        </dl>
        <Hop row={whole} />
        <AnswerOf title={t("detail.original_answer")} answer={whole.original_answer} />
        <AnswerOf title={t("detail.answer")} answer={whole.answer} />
        <Links row={whole} onFollow={() => dialog.current?.close()} />
        {whole.name && (
          <>
            <Why row={whole} times={times.value} onFollow={() => dialog.current?.close()} />
            {may("rules:write") && <Choice row={whole} onChanged={() => times.value++} />}
          </>
        )}
      </div>
    </dialog>
  );
}

/** All of it; what has just come is in the log a moment later, and known well enough until then. */
async function read(row: Row, signal: AbortSignal): Promise<Row> {
  const params = { path: { id: Number(row.id) } };
  try {
    return await told(api.GET("/log/{id}", { params, signal }));
  } catch (error) {
    if (error instanceof Refused && error.code === UNWRITTEN) return row;
    throw error;
  }
}

/** How what was asked for led to what decided. */
function Hop({ row: { name, hop } }: { row: Row }) {
  if (!hop) return null;
  return (
    <section>
      <h3>{t("detail.path")}</h3>
      <p class="path">
        <Foreign text={name} />
        <span>
          → <Foreign text={hop} look="isolated strong" />
        </span>
      </p>
    </section>
  );
}

function Links({ row, onFollow }: { row: Row; onFollow: () => void }) {
  const client = row.device || row.client;
  const links = [
    ["detail.same_name", { exact: row.name }],
    ["detail.same_client", { client }],
    ["detail.around", around(row)],
  ] as const;
  return (
    <p class="links">
      {links.slice(row.name ? 0 : 1).map(([key, query]) => (
        <a key={key} href={addressOf("queries", query)} onClick={onFollow}>
          {t(key)}
        </a>
      ))}
    </p>
  );
}

function factsOf(row: Row): [string, ComponentChildren][] {
  const facts: [string, ComponentChildren][] = [
    [t("queries.column.time"), moment(row.time)],
    [
      t("queries.column.client"),
      <Client key="client" name={row.client_name ?? ""} address={row.client} />,
    ],
  ];
  if (row.device) facts.push([t("detail.device"), <Foreign key="device" text={row.device} />]);
  if (row.group) facts.push([t("detail.group"), <Foreign key="group" text={row.group} />]);
  facts.push(
    [t("queries.column.type"), <Foreign key="type" text={row.type} />],
    [t("detail.over"), transport(row.transport)],
    [t("detail.rcode"), <Foreign key="rcode" text={row.rcode} />],
    [t("queries.column.took"), duration(row.duration_ms)],
  );
  if (row.node) facts.push([t("detail.node"), <Foreign key="node" text={row.node} />]);
  if (row.name_unicode && row.name_unicode !== row.name) {
    facts.push([t("detail.read_as"), <Foreign key="read" text={row.name_unicode} />]);
  }
  return facts;
}

function AnswerOf({ title, answer }: { title: string; answer: Schemas["LogRow"]["answer"] }) {
  if (!answer) return null;
  return (
    <section>
      <h3>{title}</h3>
      <ul class="records">
        {answer.records.map(({ name, type, ttl, data }) => (
          <li key={`${name} ${type} ${data}`}>
            <Foreign text={name} /> <span class="quiet">{t("detail.ttl", { ttl })}</span>{" "}
            <Foreign text={`${type} ${data}`} />
          </li>
        ))}
      </ul>
      {answer.records.length === 0 && <p class="quiet">{t("detail.no_records")}</p>}
      {answer.cut_bytes > 0 && <p class="quiet">{t("detail.cut")}</p>}
    </section>
  );
}

const around = ({ client, device, time }: Row) => ({
  client: device || client,
  since: String(Math.floor(time) - AROUND_S),
  until: String(Math.ceil(time) + AROUND_S),
});
