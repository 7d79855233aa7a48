// What became of a query, and how it came, in words.

import { Foreign, ListName, Translated } from "../../parts/foreign";
import type { Schemas } from "../../server/api";
import { T } from "../../words/rich";
import { type Key, t } from "../../words/words";

type Row = Schemas["LogRow"];

const TRANSPORTS: Readonly<Record<string, string>> = {
  udp: "UDP",
  tcp: "TCP",
  tls: "TLS",
  https: "HTTPS",
  h3: "HTTP/3",
  quic: "QUIC",
};

const FAULTS = new Set(["failed", "refused", "malformed"]);

/** A transport of the API as people write it. */
export const transport = (name: string): string => TRANSPORTS[name] ?? name;

/** The tone of a row: "blocked", "trouble" or "fine". */
export function tone({ blocked, outcome }: Row): string {
  if (blocked) return "blocked";
  return FAULTS.has(outcome) ? "trouble" : "fine";
}

export function Happened({ row }: { row: Row }) {
  const { blocked, hop, rcode } = row;
  return (
    <>
      {blocked ? <Blocked row={row} /> : <Answered row={row} />}
      {hop && <T k="happened.leads_to" values={{ hop: <Foreign text={hop} /> }} />}
      {!blocked && rcode !== "NOERROR" && (
        <>
          {" ("}
          <Foreign text={rcode === "NXDOMAIN" ? t("happened.no_such_name") : rcode} />)
        </>
      )}
    </>
  );
}

const Blocked = ({ row }: { row: Row }) => (
  <>
    <b>{t("happened.blocked")}</b>
    <By row={row} />
  </>
);

function Answered({ row }: { row: Row }) {
  const isAllowed = row.list && row.outcome !== "rewritten" && row.outcome !== "local";
  if (!isAllowed) return <How row={row} />;
  return (
    <>
      {t("happened.allowed")}
      <By row={row} />
      {". "}
      <How row={row} />
    </>
  );
}

const PLAIN: Readonly<Record<string, Key>> = {
  cached: "happened.cached",
  local: "happened.local",
};

const STRONG: Readonly<Record<string, Key>> = {
  refused: "happened.refused",
  malformed: "happened.malformed",
  failed: "happened.failed",
};

function How({ row }: { row: Row }) {
  const { outcome, upstream, detail } = row;
  const why = detail ? (
    <>
      : <Translated text={detail} />
    </>
  ) : null;
  const plain = PLAIN[outcome];
  const strong = STRONG[outcome];
  if (outcome === "stale") return <>{t("happened.stale")}</>;
  if (outcome === "rewritten") {
    return (
      <>
        {t("happened.rewritten")}
        <By row={row} />
      </>
    );
  }
  if (outcome === "forwarded" && upstream) {
    return (
      <>
        <T k="happened.answered_by" values={{ server: <Foreign text={upstream} /> }} />
        {why}
      </>
    );
  }
  if (outcome === "forwarded") return [t("happened.forwarded"), why];
  if (plain) return [t(plain), why];
  if (strong) return [<b key="what">{t(strong)}</b>, why];
  return <Foreign text={outcome} />;
}

/** Which list, line and rule decided; the words of the detail where no list did. */
function By({ row: { list, line, rule, detail } }: { row: Row }) {
  if (!list) {
    return detail ? (
      <>
        : <Translated text={detail} />
      </>
    ) : null;
  }
  const values = { list: <ListName text={list} />, line: String(line ?? "") };
  return (
    <>
      <T k={line ? "happened.by_line" : "happened.by"} values={values} />
      {rule && (
        <>
          : <Foreign text={rule} />
        </>
      )}
    </>
  );
}
