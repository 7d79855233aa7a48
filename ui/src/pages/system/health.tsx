// How the server does: in a word, what is wrong with what to do about it, and part by part.

import { addressOf } from "../../address";
import { Trouble, useDeed } from "../../parts/deed";
import { Listed, Translated } from "../../parts/foreign";
import { api, type Schemas, told } from "../../server/api";
import { may } from "../../server/reach";
import { count, date, size, span } from "../../words/format";
import { t } from "../../words/words";

type Status = Schemas["Status"];
type Tone = "fine" | "trouble" | "off";

/** Problems that are over once somebody says so: the state was not to be used. */
const ACCEPTED = new Set(["state.damaged", "state.newer"]);

interface Given {
  readonly status: Status | undefined;
  readonly onAccepted: () => void;
}

export function Health({ status, onAccepted }: Given) {
  return (
    <section class="card" aria-labelledby="health-title">
      <div class="card-head">
        <h2 id="health-title">{t("system.health")}</h2>
        {status && <span class="quiet">{t("system.up", { time: span(status.uptime_s) })}</span>}
      </div>
      {status && (
        <>
          <p id="health" class={`health ${status.health === "ok" ? "fine" : "trouble"}`}>
            <span class="mark" aria-hidden="true" />
            <strong>{t(`system.is.${status.health}`)}</strong>
          </p>
          {status.reasons.map((reason) => (
            <p key={reason} class="quiet">
              <Translated text={reason} />
            </p>
          ))}
          <Problems problems={status.problems} onAccepted={onAccepted} />
          <Parts status={status} />
        </>
      )}
    </section>
  );
}

interface ProblemsGiven {
  readonly problems: readonly Schemas["ProblemInfo"][];
  readonly onAccepted: () => void;
}

function Problems({ problems, onAccepted }: ProblemsGiven) {
  const deed = useDeed(onAccepted);
  return (
    <>
      <ul class="problems" aria-label={t("overview.problems")}>
        {problems.map(({ code, severity, text, advice }) => (
          <li key={`${code} ${text}`} class={`notice ${severity}`}>
            <p>
              <Translated text={text} />
            </p>
            {advice && (
              <p class="quiet">
                {t("system.what_to_do")} <Translated text={advice} />
              </p>
            )}
            {ACCEPTED.has(code) && may("backup:write") && (
              <button
                type="button"
                disabled={deed.isBusy.value}
                onClick={() => deed.run(() => told(api.POST("/restore/accept", { body: {} })))}
              >
                {t("system.accept")}
              </button>
            )}
          </li>
        ))}
      </ul>
      <Trouble deed={deed} />
    </>
  );
}

function Parts({ status }: { status: Status }) {
  const { upstreams, listen, encrypted, log, cache, certificate, protection } = status;
  const up = upstreams.filter((each) => each.up).length;
  const isOpen = listen.length > 0;
  return (
    <ul class="states" aria-label={t("system.parts")}>
      <Part tone={isOpen ? "fine" : "trouble"} name={t("server.dns_at")}>
        {isOpen ? <Listed texts={listen} /> : t("system.nowhere")}
      </Part>
      {encrypted.length > 0 && (
        <Part tone="fine" name={t("server.encrypted_at")}>
          <Listed texts={encrypted} />
        </Part>
      )}
      {certificate && (
        <Part tone={certificate.days_left > 7 ? "fine" : "trouble"} name={t("server.certificate")}>
          {t(certificate.days_left < 0 ? "server.expired" : "server.expires", {
            date: date(certificate.expires),
          })}
        </Part>
      )}
      <Part tone={protection.enabled ? "fine" : "off"} name={t("protection.title")}>
        {t(protection.enabled ? "protection.on" : "protection.off")}
      </Part>
      <Part tone={up > 0 ? "fine" : "trouble"} name={t("upstreams.title")}>
        {t("system.of_them_up", { up, all: upstreams.length })}
      </Part>
      <Part tone={status.lists > 0 ? "fine" : "off"} name={t("lists.title")} to="lists">
        {t("overview.lists_used", { count: status.lists })},{" "}
        {t("names.count", { count: status.names })}
      </Part>
      <LogPart log={log} />
      <Part tone="fine" name={t("server.cache")}>
        {t("server.cache_filled", {
          count: cache.entries,
          size: size(cache.size_bytes),
          limit: size(cache.limit_bytes),
        })}
      </Part>
    </ul>
  );
}

function LogPart({ log }: { log: Status["log"] }) {
  if (!log) {
    return (
      <Part tone="trouble" name={t("server.log")}>
        {t("system.log_not_open")}
      </Part>
    );
  }
  const lost = log.dropped ? t("server.log_lost", { count: count(log.dropped) }) : "";
  return (
    <Part tone={log.error ? "trouble" : log.enabled ? "fine" : "off"} name={t("server.log")}>
      {log.error ? (
        <Translated text={log.error} />
      ) : log.enabled ? (
        t("queries.count", { count: log.rows })
      ) : (
        t("server.log_off")
      )}
      {lost && `, ${lost}`}
    </Part>
  );
}

interface PartGiven {
  readonly tone: Tone;
  readonly name: string;
  readonly to?: string;
  readonly children: preact.ComponentChildren;
}

function Part({ tone, name, to, children }: PartGiven) {
  return (
    <li class={tone}>
      <span class="mark" aria-hidden="true" />
      <span>
        {to ? <a href={addressOf(to)}>{name}</a> : <strong>{name}</strong>}
        <span class="quiet">{children}</span>
      </span>
    </li>
  );
}
