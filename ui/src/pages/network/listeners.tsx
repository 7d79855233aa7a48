// By which ways devices ask this server: where, whether it is on, how often; and the certificate.

import { Control } from "../../parts/control";
import { Listed, Translated } from "../../parts/foreign";
import type { Accepts } from "../../parts/kind";
import { api, type Schemas, told } from "../../server/api";
import { usePolled } from "../../server/polled";
import { type Key, t } from "../../words/words";
import { CertificateCard } from "./certificate";
import { Drafted } from "./drafted";
import { type Drafts, useDrafts } from "./drafts";
import { Held, Reviewed } from "./reviewed";
import "./network.css";

const EVERY_MS = 10_000;

export default function Listeners() {
  const drafts = useDrafts("dns");
  const read = (signal: AbortSignal) => told(api.GET("/listeners", { signal }));
  const polled = usePolled("listeners", read, EVERY_MS, [drafts.revision]);
  const found = polled.last.value;
  const readAgain = () => {
    drafts.readAgain();
    polled.now();
  };
  return (
    <>
      <section class="card" aria-labelledby="listeners-title">
        <div class="card-head">
          <h1 id="listeners-title">{t("network.listeners")}</h1>
        </div>
        <p class="quiet help">{t("network.listeners.help")}</p>
        {found?.problems.map((each) => (
          <p key={each.text} class="notice">
            <Translated text={each.text} />{" "}
            {!each.is_in_text && <Translated text={each.advice} look="isolated quiet" />}
          </p>
        ))}
        <ul id="listeners" class="devices">
          {found?.listeners.map((each) => (
            <Way key={each.kind} way={each} drafts={drafts} />
          ))}
        </ul>
      </section>
      {found && <CertificateCard found={found} drafts={drafts} onGiven={readAgain} />}
      {drafts.isRead && <More drafts={drafts} />}
      <Reviewed drafts={drafts} />
    </>
  );
}

function Way({ way, drafts }: { way: Schemas["ListenerInfo"]; drafts: Drafts }) {
  const { kind, key, wanted, listening, queries } = way;
  const isOn = listening.length > 0;
  const state = isOn ? "fine" : wanted.length > 0 ? "trouble" : "off";
  return (
    <li class={state} data-kind={kind}>
      <div class="about">
        <p>
          <span class="mark" aria-hidden="true" />
          <strong>{t(`network.way.${kind}` as Key)}</strong>{" "}
          <span class={state === "trouble" ? "error" : "quiet"}>
            {t(`network.way.is_${state}`)}
          </span>
        </p>
        <p class="quiet">{t(`network.way.${kind}.help` as Key)}</p>
        <p class="quiet small">
          {isOn && (
            <>
              <Listed texts={listening} /> ·{" "}
            </>
          )}
          {t("queries.count", { count: queries })}
        </p>
        <Held by={drafts.heldBy(key)} />
      </div>
      {drafts.of(key) && (
        <div class="value">
          <Control
            id={`way-${kind}`}
            label={t("network.way.addresses", { way: t(`network.way.${kind}` as Key) })}
            accepts={drafts.of(key)?.accepts as Accepts}
            value={drafts.value(key)}
            placeholder="0.0.0.0"
            disabled={!drafts.mayChange(key)}
            onChange={(to) => drafts.set(key, to)}
          />
        </div>
      )}
    </li>
  );
}

/** What belongs to the encrypted ways. */
const KEYS = ["dns.https_page", "dns.allow", "dns.proxies"] as const;

function More({ drafts }: { drafts: Drafts }) {
  return (
    <section class="card" aria-labelledby="who-title">
      <div class="card-head">
        <h2 id="who-title">{t("network.may_ask")}</h2>
      </div>
      {KEYS.map((key) => (
        <Drafted key={key} drafts={drafts} name={key} />
      ))}
    </section>
  );
}
