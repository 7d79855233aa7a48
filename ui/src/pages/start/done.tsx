// Step five: what to keep, and whether it blocks.

import { addressOf } from "../../address";
import { Foreign } from "../../parts/foreign";
import { isLoopback } from "../../parts/loopback";
import { addressOfStep } from "../../parts/steps";
import { api, type Schemas, told } from "../../server/api";
import { usePolled } from "../../server/polled";
import { me } from "../../server/reach";
import { T } from "../../words/rich";
import { t } from "../../words/words";
import {
  ANYWHERE,
  bestOf,
  hostOf,
  portOf,
  reachedBy,
  type Setup,
  settingOf,
  useSetup,
} from "./known";
import { Commands } from "./port";
import { isTurnedAway } from "./turned_away";

const EVERY_MS = 2_000;
/** A name that serves nothing but ads, and stands on nearly every list. */
const TRY = "doubleclick.net";
const DNS = "53";
const ALONE = "start.keep.only_here_and_no_account";

export function DoneStep() {
  const setup = useSetup(null).last.value;
  const read = async (signal: AbortSignal) => {
    const [status, statistics] = await Promise.all([
      told(api.GET("/status", { signal })),
      told(api.GET("/statistics", { params: { query: { period: "1h" } }, signal })),
    ]);
    return { status, statistics };
  };
  const found = usePolled("first blocked", read, EVERY_MS).last.value;
  return (
    <>
      {setup && found && <Keep setup={setup} status={found.status} />}
      {setup && found && <TryIt setup={setup} {...found} />}
      <SomeTurnedAway />
      <Further />
    </>
  );
}

function Keep({ setup, status }: { setup: Setup; status: Schemas["Status"] }) {
  const read = (signal: AbortSignal) =>
    told(api.GET("/settings", { params: { query: { below: "web" } }, signal }));
  const listen = settingOf(usePolled("page", read, null).last.value, "web.listen");
  const isOnlyHere = listen !== undefined && isLoopback(hostOf(String(listen.value)));
  const at = devicesAsk(setup, status);
  return (
    <section class="card" aria-labelledby="keep-title">
      <h2 id="keep-title">{t("start.keep.title")}</h2>
      <dl class="keep">
        <div>
          <dt>{t("start.keep.page")}</dt>
          <dd>
            <code>{pageOf(setup, isOnlyHere)}</code>
          </dd>
        </div>
        <div>
          <dt>{t("start.keep.dns")}</dt>
          <dd>
            {at.map((address) => (
              <code key={address}>{address}</code>
            ))}
            {at.length === 0 && <NoneYet isAnswered={status.listen.length > 0} />}
          </dd>
        </div>
        {setup.encrypted.map(({ over, address }) => (
          <div key={over}>
            <dt>{t(`start.keep.${over}`)}</dt>
            <dd>
              <code>{address}</code>
            </dd>
          </div>
        ))}
      </dl>
      {setup.encrypted.length === 0 && (
        <p class="quiet">
          {t("start.keep.no_encrypted")} <a href={addressOf("listeners")}>{t("nav.listeners")}</a>
        </p>
      )}
      {isOnlyHere && (
        <p class="quiet">
          {t(needsAccount() ? ALONE : "start.keep.only_here", {
            port: portOf(String(listen.value)),
          })}
        </p>
      )}
    </section>
  );
}

/** Whether nobody has an account yet, as it is who sits at this machine. */
const needsAccount = (): boolean => me.value?.kind === "loopback";

function NoneYet({ isAnswered }: { isAnswered: boolean }) {
  if (isAnswered) return <>{t("start.keep.dns_only_here")}</>;
  return (
    <span>
      {t("start.keep.dns_nowhere")} <a href={addressOfStep("devices")}>{t("start.step.devices")}</a>
    </span>
  );
}

/** The page as other devices find it: as it was reached, or at the address they are given. */
function pageOf(setup: Setup, isOnlyHere: boolean): string {
  const best = bestOf(setup)[0];
  if (reachedBy() || !best || isOnlyHere) return location.href.replace(/#.*$/, "");
  const host = best.version === 6 ? `[${best.address}]` : best.address;
  return `${location.protocol}//${host}${location.port && `:${location.port}`}${location.pathname}`;
}

/** The addresses that devices are given: those it is asked at, the best of the machine's where that
 *  is any; none where it is asked by this machine alone. */
function devicesAsk(setup: Setup, { listen }: Schemas["Status"]): string[] {
  const hosts = listen.map(hostOf);
  const best = bestOf(setup)
    .filter(({ version }) => hosts.includes(version === 4 ? "0.0.0.0" : "::"))
    .map(({ address }) => address);
  return [
    ...new Set([...best, ...hosts.filter((host) => !isLoopback(host) && !ANYWHERE.has(host))]),
  ];
}

interface TryGiven {
  readonly setup: Setup;
  readonly status: Schemas["Status"];
  readonly statistics: Schemas["Statistics"];
}

function TryIt({ setup, status, statistics }: TryGiven) {
  const { blocked } = statistics.totals;
  const name = statistics.top_blocked[0]?.name;
  const first = status.listen[0] ?? "";
  const port = portOf(first) || DNS;
  const host = hostOf(first);
  const at = ANYWHERE.has(host) ? (devicesAsk(setup, status)[0] ?? "127.0.0.1") : host;
  const lines = [`dig @${at}${port === DNS ? "" : ` -p ${port}`} ${TRY}`];
  if (port === DNS) lines.push(`nslookup ${TRY} ${at}`);
  return (
    <section class="card" aria-labelledby="try-title">
      <h2 id="try-title">{t("start.try.title")}</h2>
      <p>{t("start.try.about")}</p>
      <Commands lines={lines} />
      <p role="status" id="first-blocked" class={blocked ? "good" : "waiting"}>
        {blocked && name ? (
          <T
            k="start.try.blocked"
            values={{
              count: blocked,
              name: <Foreign key="name" text={name} look="isolated strong" />,
            }}
          />
        ) : blocked ? (
          t("start.try.blocked_some", { count: blocked })
        ) : (
          t("start.try.not_yet")
        )}
      </p>
    </section>
  );
}

/** Who asks and gets no answer, so that nothing of it is blocked either. */
function SomeTurnedAway() {
  const read = (signal: AbortSignal) => told(api.GET("/devices", { signal }));
  const found = usePolled("devices", read, EVERY_MS).last.value;
  const count = found?.devices.filter(isTurnedAway).length ?? 0;
  if (count === 0) return null;
  return (
    <p class="notice" id="turned-away">
      {t("start.asked.turned_away", { count })}{" "}
      <a href={addressOfStep("devices")}>{t("start.step.devices")}</a>
    </p>
  );
}

function Further() {
  return (
    <section class="card" aria-labelledby="further-title">
      <h2 id="further-title">{t("start.further.title")}</h2>
      <ul class="further">
        <li>
          <a href={addressOf("devices")}>{t("start.further.devices")}</a>
        </li>
        <li>
          <a href={addressOf("rules")}>{t("start.further.rules")}</a>
        </li>
        <li>
          <a href={addressOf("settings")}>{t("start.further.settings")}</a>
        </li>
      </ul>
    </section>
  );
}
