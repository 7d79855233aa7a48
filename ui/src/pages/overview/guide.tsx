// What to do on a server that nobody has asked anything yet.

import { addressOf } from "../../address";
import { isLoopback } from "../../parts/loopback";
import type { Schemas } from "../../server/api";
import { may } from "../../server/reach";
import { visible } from "../../words/format";
import { t } from "../../words/words";
import { isAnswered } from "./numbers";

const ANYWHERE = new Set(["0.0.0.0", "[::]"]);
const DNS_PORT = "53";

export function Guide({ status }: { status: Schemas["Status"] }) {
  return (
    <section id="guide" class="card guide" aria-labelledby="guide-title">
      <h2 id="guide-title">{t("guide.title")}</h2>
      {may("settings:write") && (
        <p>
          <a class="button main" href={addressOf("start")}>
            {t("start.link")}
          </a>
        </p>
      )}
      {isAnswered(status) && <FirstQueries status={status} />}
    </section>
  );
}

/** How it is asked for the first time. */
function FirstQueries({ status }: { status: Schemas["Status"] }) {
  const { host, port } = placeOf(status.listen);
  const isOnlyHere = isLoopback(host);
  const dig = `dig @${host}${port === DNS_PORT ? "" : ` -p ${port}`} example.org`;
  return (
    <>
      <p>{t("guide.intro")}</p>
      <ol>
        <li>
          <strong>{t("guide.ask")}</strong> {t("guide.ask_how")}
          <code>{dig}</code>
        </li>
        {isOnlyHere ? (
          <li>
            <strong>{t("guide.device")}</strong> {t("guide.only_here")}
          </li>
        ) : (
          <>
            <li>
              <strong>{t("guide.device")}</strong> {t("guide.device_how")}
              <code>{host}</code>
            </li>
            <li>
              <strong>{t("guide.everyone")}</strong> {t("guide.everyone_how")}
            </li>
          </>
        )}
      </ol>
      {port !== DNS_PORT && <p class="quiet">{t("guide.other_port", { port: visible(port) })}</p>}
    </>
  );
}

function placeOf([first = ""]: readonly string[]): { host: string; port: string } {
  const [, host = "", port = DNS_PORT] = /^(.*):(\d+)$/.exec(first) ?? [];
  const bare = ANYWHERE.has(host) || !host ? location.hostname : host;
  return { host: visible(bare.replace(/^\[|\]$/g, "")), port };
}
