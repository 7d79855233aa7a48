// A server that is tried out: is it there, is it who it says, how quick is it, does it do DNSSEC?

import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { Trouble, useDeed } from "../../parts/deed";
import { Foreign, Listed, Translated } from "../../parts/foreign";
import { api, type Schemas, told } from "../../server/api";
import { date, duration } from "../../words/format";
import { T } from "../../words/rich";
import { t } from "../../words/words";
import { isPlain } from "./entries";

type Tried = Schemas["TriedUpstream"];

interface Given {
  readonly url: string;
  /** Try it as soon as it is shown. */
  readonly isAtOnce?: boolean;
}

/** The button that tries a server, and what came of it. */
export function Trial({ url, isAtOnce = false }: Given) {
  const deed = useDeed();
  const tried = useSignal<Tried | null>(null);
  const run = () =>
    deed.run(async () => {
      tried.value = null;
      tried.value = await told(api.POST("/upstreams/test", { body: { url } }));
    });
  // biome-ignore lint/correctness/useExhaustiveDependencies: once, for what has just come
  useEffect(() => {
    if (isAtOnce) run();
  }, []);
  return (
    <div class="trial">
      <button
        type="button"
        disabled={deed.isBusy.value}
        aria-label={t("network.test_of", { server: url })}
        onClick={run}
      >
        {t(deed.isBusy.value ? "network.testing" : "network.test")}
      </button>
      <div role="status">{tried.value && <Found tried={tried.value} />}</div>
      <Trouble deed={deed} />
    </div>
  );
}

export function Found({ tried }: { tried: Tried }) {
  const isFine = tried.outcome === "answers";
  return (
    <div class={`found ${isFine ? "fine" : "trouble"}`}>
      <p class={isFine ? "" : "error"}>
        <span class="mark" aria-hidden="true" />
        <strong>
          {isFine ? (
            t("network.answers", { time: duration(tried.rtt_ms) })
          ) : (
            <T k="network.fails" values={{ why: <Translated text={tried.error} /> }} />
          )}
        </strong>
      </p>
      <ul class="quiet small">
        {tried.address && (
          <li>
            <T k="network.address" values={{ address: <Foreign text={tried.address} /> }} />
          </li>
        )}
        {tried.connect_ms != null && <li>{connection(tried)}</li>}
        {tried.certificate && <Certificate of={tried.certificate} />}
        {isFine && <li>{t(dnssec(tried))}</li>}
        {isFine && isPlain(tried.url) && <li>{t("network.readable")}</li>}
      </ul>
    </div>
  );
}

function connection({ connect_ms, handshake_ms, tls }: Tried): string {
  const connect = duration(connect_ms);
  if (handshake_ms == null) return t("network.connect", { time: connect });
  return t("network.handshake", { time: connect, handshake: duration(handshake_ms), tls });
}

function Certificate({ of: { names, issuer, expires } }: { of: Schemas["TriedCertificate"] }) {
  const values = {
    names: <Listed texts={names.slice(0, 3)} />,
    issuer: <Foreign text={issuer} />,
    date: date(expires),
  };
  return (
    <li>
      <T k="network.certificate" values={values} />
    </li>
  );
}

function dnssec({ signs, validates }: Tried) {
  if (validates) return "network.dnssec.checks";
  return signs ? "network.dnssec.passes" : "network.dnssec.none";
}
