// Whether anybody asks this server yet: the devices as they appear.

import { addressOf } from "../../address";
import { Foreign, Listed, Translated } from "../../parts/foreign";
import { isLoopback } from "../../parts/loopback";
import { api, told } from "../../server/api";
import { usePolled } from "../../server/polled";
import { ago } from "../../words/format";
import { T } from "../../words/rich";
import { t } from "../../words/words";
import { type Device, isTurnedAway, turnedAwayAt } from "./turned_away";

const EVERY_MS = 2_000;
const MOST_SHOWN = 8;

export function AskedYet() {
  const read = (signal: AbortSignal) => told(api.GET("/devices", { signal }));
  const found = usePolled("devices", read, EVERY_MS).last.value;
  const devices = found?.devices ?? [];
  const away = devices.filter(isTurnedAway);
  const answered = devices.filter((device) => !isTurnedAway(device));
  const shown = [...away, ...answered].slice(0, MOST_SHOWN);
  return (
    <section class="card" aria-labelledby="asked-title">
      <h2 id="asked-title">{t("start.asked.title")}</h2>
      <p role="status" class={answered.length ? "good" : "waiting"}>
        {found?.hidden ? (
          <Translated text={found.hidden} />
        ) : answered.length ? (
          t("start.asked.yes", { count: answered.length })
        ) : away.length ? (
          t("start.asked.none_answered")
        ) : (
          t("start.asked.not_yet")
        )}
      </p>
      {away.length > 0 && (
        <p class="notice">{t("start.asked.turned_away", { count: away.length })}</p>
      )}
      <ul id="asked-devices" class="states">
        {shown.map((device) => (
          <Row key={device.id} device={device} />
        ))}
      </ul>
      {devices.length > MOST_SHOWN && (
        <p class="quiet">{t("start.asked.more", { count: devices.length - MOST_SHOWN })}</p>
      )}
    </section>
  );
}

function Row({ device }: { device: Device }) {
  const { id, client, name, addresses, maker, queries, last_seen } = device;
  const address = addresses[0]?.address ?? "";
  const called = client || name || (isLoopback(address) ? t("start.asked.this_machine") : address);
  return (
    <li class={isTurnedAway(device) ? "trouble" : "fine"}>
      <span class="mark" aria-hidden="true" />
      <span>
        <Foreign text={called || id} look="isolated strong" />
        <span class="quiet">
          {t("queries.count", { count: queries })}
          {last_seen != null && ` · ${t("devices.last_seen", { when: ago(last_seen) })}`}
          {maker && (
            <>
              {" · "}
              <Foreign text={maker} />
            </>
          )}
        </span>
        <TurnedAway device={device} by="dns.allow" />
        <TurnedAway device={device} by="dns.deny" />
      </span>
    </li>
  );
}

/** At which of its addresses a setting does not let it ask, and the way to that setting. */
function TurnedAway({ device, by }: { device: Device; by: "dns.allow" | "dns.deny" }) {
  const at = turnedAwayAt(device).filter(({ turned_away_by }) => turned_away_by === by);
  if (at.length === 0) return null;
  return (
    <span class="turned-away">
      <T
        k="start.asked.turned_away_at"
        values={{
          addresses: <Listed key="addresses" texts={at.map(({ address }) => address)} />,
          setting: (
            <a key="setting" href={addressOf("settings", { search: by })}>
              {by}
            </a>
          ),
        }}
      />
    </span>
  );
}
