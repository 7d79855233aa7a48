// What is running, where it is found, where to read on, and what it is made of.

import { Fragment } from "preact";
import { Foreign, Listed } from "../../parts/foreign";
import { api, type Schemas, told } from "../../server/api";
import { usePolled } from "../../server/polled";
import { may } from "../../server/reach";
import { t } from "../../words/words";
import { OF_THE_PAGE } from "./made_of";
import { Restart } from "./restart";

export function About({ status }: { status: Schemas["Status"] | undefined }) {
  const read = (signal: AbortSignal) => told(api.GET("/about", { signal }));
  const about = usePolled("about", read, null).last.value;
  return (
    <section class="card whole" aria-labelledby="about-title">
      <div class="card-head">
        <h2 id="about-title">{t("system.about")}</h2>
      </div>
      {about && (
        <dl class="facts">
          <dt>{t("server.version")}</dt>
          <dd>sinkhole {about.version}</dd>
          <dt>{t("system.licence")}</dt>
          <dd>{about.licence}</dd>
          <dt>{t("system.runs_on")}</dt>
          <dd>
            Python {about.python}, <Foreign text={about.system} />
          </dd>
        </dl>
      )}
      {may("settings:write") && <Restart />}
      {status && <Addresses status={status} />}
      <h3>{t("system.read_on")}</h3>
      <dl class="facts wide">
        {DOCS.map(([key, what]) => (
          <Fragment key={key}>
            <dt>{t(key)}</dt>
            <dd>
              <code>{what}</code>
            </dd>
          </Fragment>
        ))}
      </dl>
      {about && (
        <details>
          <summary>{t("system.made_of")}</summary>
          <ul class="made-of">
            {[...about.components, ...OF_THE_PAGE].map(({ name, version, licence }) => (
              <li key={name}>
                {name} {version} <span class="quiet">{licence}</span>
              </li>
            ))}
          </ul>
        </details>
      )}
    </section>
  );
}

const DOCS = [
  ["system.doc_commands", "sinkhole --help"],
  ["system.doc_settings", "sinkhole settings reference"],
  ["system.doc_api", "api/v1/openapi.json"],
] as const;

/** The addresses to keep: those to enter in devices, and that of the page. */
function Addresses({ status: { listen, encrypted, web } }: { status: Schemas["Status"] }) {
  return (
    <dl class="facts">
      <dt>{t("server.dns_at")}</dt>
      <dd>
        <Listed texts={listen} />
      </dd>
      {encrypted.length > 0 && (
        <>
          <dt>{t("server.encrypted_at")}</dt>
          <dd>
            <Listed texts={encrypted} />
          </dd>
        </>
      )}
      {web && (
        <>
          <dt>{t("server.page_at")}</dt>
          <dd>
            <Foreign text={web} />
          </dd>
        </>
      )}
    </dl>
  );
}
