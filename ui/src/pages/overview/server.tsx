// How the upstreams do, and facts about the server itself.

import { type ComponentChildren, Fragment } from "preact";
import { Foreign, Listed, Translated } from "../../parts/foreign";
import type { Schemas } from "../../server/api";
import { count, date, duration, size, span } from "../../words/format";
import { T } from "../../words/rich";
import { t } from "../../words/words";
import { transport } from "../queries/happened";
import type { Numbers } from "./numbers";

type Upstream = Schemas["Upstream"];

export function UpstreamStates({ found }: { found: Numbers | undefined }) {
  return (
    <section class="card" aria-labelledby="upstreams-state-title">
      <div class="card-head">
        <h2 id="upstreams-state-title">{t("upstreams.title")}</h2>
      </div>
      <ul id="upstreams" class="states">
        {found?.upstreams.upstreams.map((each, place) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a server may be asked twice, in this order
          <Row key={place} server={each} />
        ))}
      </ul>
    </section>
  );
}

function Row({ server }: { server: Upstream }) {
  const { name, kind, address, up, connected_s } = server;
  return (
    <li class={up ? "fine" : "trouble"}>
      <span class="mark" aria-hidden="true" />
      <span>
        <Foreign text={name} look="isolated strong" />
        <span class="quiet">
          {kindWords(kind)}
          {address && !name.includes(address) && (
            <>
              {" "}
              <T k="upstreams.at" values={{ address: <Foreign text={address} /> }} />
            </>
          )}
          {connected_s != null && ` · ${t("upstreams.connected", { time: span(connected_s) })}`}
        </span>
        <span class="quiet">{speed(server)}</span>
        <span class={up ? "quiet" : "error"}>
          <Failures server={server} />
        </span>
      </span>
    </li>
  );
}

export const kindWords = (kind: string): string =>
  ({ udp: t("upstreams.plain"), tcp: t("upstreams.plain_tcp") })[kind] ??
  t("upstreams.over", { transport: transport(kind) });

export function speed({ rtt_p50_ms, rtt_p95_ms, queries }: Upstream): string {
  if (!queries) return t("upstreams.not_yet");
  const asked = t("queries.count", { count: queries });
  if (rtt_p50_ms == null) return `${asked} · ${t("upstreams.no_answer_yet")}`;
  const values = { half: duration(rtt_p50_ms), most: duration(rtt_p95_ms) };
  return `${asked} · ${t("upstreams.quantiles", values)}`;
}

export function Failures({ server }: { server: Upstream }) {
  const { up, down_s, failures, last_failure } = server;
  const why = last_failure && <Translated text={last_failure} />;
  if (!up && down_s == null) return <>{t("upstreams.not_asked")}</>;
  if (!up) {
    const values = { time: span(down_s ?? 0), why };
    return <T k={last_failure ? "upstreams.down_as" : "upstreams.down"} values={values} />;
  }
  if (!failures) return null;
  return <T k="upstreams.failures" values={{ count: failures, why }} />;
}

export function ServerFacts({ found }: { found: Numbers | undefined }) {
  return (
    <section class="card" aria-labelledby="server-title">
      <div class="card-head">
        <h2 id="server-title">{t("server.title")}</h2>
      </div>
      <dl id="facts" class="facts">
        {found &&
          factsOf(found).map(([term, value]) => (
            <Fragment key={term}>
              <dt>{term}</dt>
              <dd>{value}</dd>
            </Fragment>
          ))}
      </dl>
    </section>
  );
}

function factsOf({ status, cache }: Numbers): [string, ComponentChildren][] {
  const { version, uptime_s, listen, encrypted, web, names, certificate, log } = status;
  const facts: [string, ComponentChildren][] = [
    [t("server.version"), version],
    [t("server.running"), span(uptime_s)],
    [t("server.dns_at"), <Listed key="listen" texts={listen} />],
  ];
  if (encrypted.length) {
    facts.push([t("server.encrypted_at"), <Listed key="encrypted" texts={encrypted} />]);
  }
  if (certificate) {
    facts.push([t("server.certificate"), <Certificate key="certificate" of={certificate} />]);
  }
  const filled = {
    count: cache.entries,
    size: size(cache.size_bytes),
    limit: size(cache.limit_bytes),
  };
  facts.push(
    [t("server.page_at"), <Foreign key="web" text={web} />],
    [t("overview.names"), count(names)],
    [t("server.cache"), t("server.cache_filled", filled)],
  );
  if (cache.prefetch.enabled) facts.push([t("server.ahead"), ahead(cache.prefetch)]);
  facts.push([t("server.log"), log ? <Log key="log" log={log} /> : t("server.log_off")]);
  return facts;
}

function Certificate({ of: { names, expires, days_left } }: { of: Schemas["CertificateInfo"] }) {
  const key = days_left < 0 ? "server.expired" : "server.expires";
  return (
    <>
      <Listed texts={names} />
      <span class={days_left < 0 ? "error" : ""}> {t(key, { date: date(expires) })}</span>
    </>
  );
}

function ahead({ asked, saved, pauses }: Schemas["Prefetching"]): string {
  const text = t("server.ahead_saved", {
    answers: t("answers.count", { count: asked }),
    count: saved,
  });
  return pauses ? `${text}; ${t("server.ahead_pauses")}` : text;
}

function Log({ log: { enabled, rows, size_bytes, dropped, error } }: { log: Schemas["LogBrief"] }) {
  if (!enabled) return <>{t("server.log_off")}</>;
  return (
    <>
      {t("queries.count", { count: rows })}, {size(size_bytes)}
      {dropped > 0 && `; ${t("server.log_lost", { count: dropped })}`}
      {error && (
        <>
          {"; "}
          <span class="error">
            <Translated text={error} />
          </span>
        </>
      )}
    </>
  );
}
