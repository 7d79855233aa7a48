// Why a query went as it did, as far as it can be told now: what applies to who asked, what each list
// thinks of the name, and where the answer leads.

import { Fragment } from "preact";
import { addressOf } from "../../address";
import { useAsked } from "../../parts/asked";
import { Foreign, ListName, Translated } from "../../parts/foreign";
import { outcomeWord } from "../../parts/outcome";
import { api, type Schemas, told } from "../../server/api";
import { span } from "../../words/format";
import { T } from "../../words/rich";
import { type Key, t } from "../../words/words";
import type { Row } from "./filter";

type Explained = Schemas["Explained"];
type Asked = Readonly<Record<"name" | "type" | "client", string>>;

interface Given {
  readonly row: Row;
  /** How often something was decided here about the name: each time it is asked for anew. */
  readonly times: number;
  readonly onFollow: () => void;
}

export function Why({ row, times, onFollow }: Given) {
  const body = { name: row.name, type: row.type, client: row.device || row.client };
  const ask = ({ asked }: { asked: Asked }, signal: AbortSignal) =>
    told(api.POST("/explain", { body: asked, signal }));
  const { found, trouble } = useAsked({ asked: body, times }, ask);
  // Where the answer decided, lists were asked about what it leads to.
  const behind = isName(row.hop) ? { asked: { ...body, name: row.hop }, times } : null;
  const hop = useAsked(behind, ask).found;
  return (
    <section class="why" aria-label={t("why.title")}>
      <h3>{t("why.title")}</h3>
      {trouble.value && <p class="quiet">{t("why.not_told", { why: trouble.value })}</p>}
      {found.value && (
        <>
          <p>{nowWords(row, found.value)}</p>
          <Applies told={found.value} row={row} />
          <Opinions told={found.value} />
          {hop.value && <Opinions told={hop.value} />}
          <Leads told={found.value} />
          <p class="links">
            <a href={addressOf("rules", body)} onClick={onFollow}>
              {t("why.elsewhere")}
            </a>
          </p>
        </>
      )}
    </section>
  );
}

/** Whether it is no address. */
const isName = (hop: string): boolean => /[a-z]\.?$/i.test(hop) && !hop.includes(":");

/** Rules may be others by now, and groups have their hours: whether it would go as it did. */
function nowWords({ blocked, hop }: Row, { outcome, leads_to }: Explained): string {
  if (hop && outcome === "forwarded" && leads_to.length === 0) return t("why.by_answer");
  const isBlocked = outcome.startsWith("blocked");
  return t(isBlocked === blocked ? "why.same" : "why.other", { verdict: outcomeWord(outcome) });
}

function Applies({ told: { group, applies }, row }: { told: Explained; row: Row }) {
  return (
    <dl class="facts">
      <dt>{t("detail.group")}</dt>
      <dd>
        <Foreign text={group} />
        {row.group && row.group !== group && (
          <>
            {" "}
            <T k="why.group_then" values={{ group: <Foreign text={row.group} /> }} />
          </>
        )}
      </dd>
      <dt>{t("why.schedules")}</dt>
      <dd>
        {applies.open.length === 0 && t("why.none_open")}
        {applies.open.map((name, index) => (
          <Fragment key={name}>
            {index > 0 && ", "}
            <Foreign text={name} />
          </Fragment>
        ))}
      </dd>
      {applies.pauses.length > 0 && (
        <>
          <dt>{t("why.pauses")}</dt>
          <dd>
            {applies.pauses.map((pause) => (
              <div key={`${pause.scope} ${pause.name}`}>
                {t(`protection.scope.${pause.scope}` as Key)} <Foreign text={pause.name} />{" "}
                {pause.left_s != null && t("why.left", { time: span(Math.max(pause.left_s, 1)) })}
              </div>
            ))}
          </dd>
        </>
      )}
    </dl>
  );
}

/** What each list says of the name; the one that decides first. */
function Opinions({ told: { name, opinions, lists, decided_by } }: { told: Explained }) {
  const known = new Set(opinions.map(({ list }) => list));
  const silent = lists.filter(({ name, state }) => state === "ready" && !known.has(name)).length;
  const ordered = opinions.toSorted((one, other) => Number(other.decides) - Number(one.decides));
  return (
    <div>
      <h4>
        <T k="why.opinions" values={{ name: <Foreign text={name} look="name" /> }} />
      </h4>
      {ordered.length > 0 && (
        <ul class="opinions">
          {ordered.map(({ list, line, rule, allowed, rewrite, decides, note }) => (
            <li
              key={`${list} ${line} ${rule}`}
              class={`${decides ? "decides" : ""} ${allowed || rewrite ? "allow" : "block"}`}
            >
              <span>
                <ListName text={list ?? ""} look="isolated strong" />{" "}
                {t(rewrite ? "why.rewrites" : allowed ? "why.allows" : "why.blocks")}
                {decides && ` · ${t("why.decides")}`}
              </span>
              {rule && <Foreign text={rule} look="rule" />}
              {note && (
                <span class="quiet">
                  <Translated text={note} />
                </span>
              )}
            </li>
          ))}
        </ul>
      )}
      {opinions.length === 0 && decided_by.list && (
        <p>
          <ListName text={decided_by.list} look="isolated strong" />{" "}
          {decided_by.rule && <Foreign text={decided_by.rule} look="rule" />}
        </p>
      )}
      {silent > 0 && <p class="quiet">{t("why.silent", { count: silent })}</p>}
    </div>
  );
}

/** The names and addresses that the answer leads to, and who speaks against them. */
function Leads({ told: { leads_to } }: { told: Explained }) {
  if (leads_to.length === 0) return null;
  return (
    <div>
      <h4>{t("why.leads")}</h4>
      <ul class="path">
        {leads_to.map(({ what, value, refused, list, rule, note }) => (
          <li key={`${what} ${value}`}>
            <span class="quiet">
              <Translated text={what} />
            </span>{" "}
            <Foreign text={value} />
            {refused && (
              <b>
                {" "}
                <T k="why.refused_by" values={{ list: <ListName text={list ?? ""} /> }} />
              </b>
            )}{" "}
            {rule && <Foreign text={rule} look="rule" />}{" "}
            {note && (
              <span class="quiet">
                <Translated text={note} />
              </span>
            )}
          </li>
        ))}
      </ul>
    </div>
  );
}
