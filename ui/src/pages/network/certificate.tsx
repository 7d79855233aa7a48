// The certificate that encrypted ways show: whom it is for, how long it holds, and where it comes from.

import { Fragment } from "preact";
import { addressOf } from "../../address";
import { Foreign, Listed } from "../../parts/foreign";
import type { Schemas } from "../../server/api";
import { date } from "../../words/format";
import { t } from "../../words/words";
import { Drafted } from "./drafted";
import type { Drafts } from "./drafts";
import { GiveCertificate } from "./give_certificate";

const KEYS = ["dns.certificate", "dns.certificate_key", "dns.names"] as const;

/** What names it, once it was given here. */
const GIVEN = ["dns.certificate", "dns.certificate_key"] as const;

interface Given {
  readonly found: Schemas["Listeners"];
  readonly drafts: Drafts;
  /** Has all be read anew. */
  readonly onGiven: () => void;
}

export function CertificateCard({ found: { certificate, names }, drafts, onGiven }: Given) {
  return (
    <section class="card" aria-labelledby="certificate-title">
      <div class="card-head">
        <h2 id="certificate-title">{t("server.certificate")}</h2>
        {names.length > 0 && <a href={addressOf("connect")}>{t("nav.connect")}</a>}
      </div>
      {certificate ? (
        <Facts certificate={certificate} names={names} />
      ) : (
        <p class="quiet">{t("network.no_certificate")}</p>
      )}
      {drafts.isRead && GIVEN.every((key) => drafts.mayChange(key)) && (
        <GiveCertificate onGiven={onGiven} />
      )}
      {drafts.isRead && KEYS.map((key) => <Drafted key={key} drafts={drafts} name={key} />)}
    </section>
  );
}

interface FactsGiven {
  readonly certificate: NonNullable<Schemas["Listeners"]["certificate"]>;
  readonly names: readonly string[];
}

function Facts({ certificate, names }: FactsGiven) {
  const { issuer, subject, begins, expires, days_left, pin, authority } = certificate;
  const until = days_left < 0 ? "network.expired_since" : "network.days_left";
  const facts = [
    [t("network.for_names"), <Listed key="names" texts={certificate.names} />],
    [t("network.subject"), <Foreign key="subject" text={subject} />],
    [t("network.issuer"), <Foreign key="issuer" text={issuer} />],
    [
      t("network.valid"),
      <span key="valid" class={days_left < 7 ? "error" : ""}>
        {t("network.from_to", { from: date(begins), to: date(expires) })} (
        {t(until, { count: Math.abs(days_left) })})
      </span>,
    ],
    [t("network.reached_as"), <Listed key="reached" texts={names} />],
    [t("network.pin"), <Foreign key="pin" text={pin} look="rule" />],
  ] as const;
  return (
    <>
      <dl id="certificate" class="facts">
        {facts.map(([term, value]) => (
          <Fragment key={term}>
            <dt>{term}</dt>
            <dd>{value}</dd>
          </Fragment>
        ))}
      </dl>
      {authority && <p class="quiet">{t("network.own_authority")}</p>}
    </>
  );
}
