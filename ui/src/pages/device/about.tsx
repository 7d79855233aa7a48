// Who it is, and what is mostly wanted of it; by what it is recognised, a name for it, or forgetting it.

import { useSignal } from "@preact/signals";
import { addressOf } from "../../address";
import { Trouble, useDeed } from "../../parts/deed";
import { Foreign, Listed, Translated } from "../../parts/foreign";
import type { Known } from "../../parts/policy/known";
import { api, told } from "../../server/api";
import { may } from "../../server/reach";
import { ago, date } from "../../words/format";
import { type Key, t } from "../../words/words";
import { Naming } from "../devices/naming";
import { Handles } from "./handles";
import { type Device, logOf, type Subject } from "./subject";

const KNOWN_BY: Readonly<Record<Device["known_by"], Key>> = {
  id: "device.by.id",
  address: "device.by.address",
  mac: "device.by.mac",
  host: "device.by.host",
  network: "device.by.network",
  "": "device.by.nothing",
};
const SOURCES: Readonly<Record<Device["names"][number]["source"], Key>> = {
  settings: "device.source.settings",
  hosts_file: "device.source.hosts_file",
  leases: "device.source.leases",
  reverse: "device.source.reverse",
  mdns: "device.source.mdns",
};

interface Given {
  readonly subject: Subject;
  readonly known: Known;
  readonly onChanged: () => void;
  /** Something else applies for a time, or no longer, though the settings are as they were. */
  readonly onTimed: () => void;
}

export function About({ subject, known, onChanged, onTimed }: Given) {
  const { client, devices } = subject;
  const called = client?.name || devices[0]?.name || subject.asked;
  return (
    <section class="card" aria-labelledby="device-title">
      <div class="card-head">
        <h1 id="device-title">
          <Foreign text={called} />
        </h1>
        <span class="links">
          <a href={addressOf("queries", logOf(subject))}>{t("device.log")}</a>
          <a href={addressOf("devices")}>{t("device.all")}</a>
        </span>
      </div>
      <Handles subject={subject} known={known} onChanged={onChanged} onTimed={onTimed} />
      {devices.length === 0 && <p class="quiet">{t("device.not_lately")}</p>}
      {devices.map((device) => (
        <OneDevice key={device.id} device={device} onChanged={onChanged} />
      ))}
    </section>
  );
}

function OneDevice({ device, onChanged }: { device: Device; onChanged: () => void }) {
  const isNaming = useSignal(false);
  const { id, mac, maker, random_mac, names, addresses, known_by, stands_for_many } = device;
  return (
    <div class="about">
      <dl class="facts">
        <dt>{t("device.recognised")}</dt>
        <dd>{t(KNOWN_BY[known_by])}</dd>
        {mac && (
          <>
            <dt>{t("device.mac")}</dt>
            <dd>
              <Foreign text={mac} /> {maker && <Foreign text={maker} look="isolated quiet" />}
              {random_mac && <span class="quiet">{t("devices.random_mac")}</span>}
            </dd>
          </>
        )}
        {addresses.length > 0 && (
          <>
            <dt>{t("device.addresses")}</dt>
            <dd>
              <Listed texts={addresses.map(({ address }) => address)} />
            </dd>
          </>
        )}
        {names.map(({ source, names: found }) => (
          <NamesBy key={source} by={t(SOURCES[source])} names={found} />
        ))}
        <dt>{t("device.seen")}</dt>
        <dd>
          {device.last_seen != null && t("devices.last_seen", { when: ago(device.last_seen) })}
          {device.first_seen != null &&
            ` · ${t("devices.first_seen", { when: date(device.first_seen) })}`}
        </dd>
      </dl>
      {stands_for_many && (
        <p class="error">
          <Translated text={stands_for_many} />
        </p>
      )}
      <div class="choices">
        {may("settings:write") && (
          <Naming
            device={device}
            isOpen={isNaming.value}
            onOpen={(isOpen) => {
              isNaming.value = isOpen;
            }}
            onNamed={onChanged}
          />
        )}
        {may("log:write") && <Forget id={id} />}
      </div>
    </div>
  );
}

function NamesBy({ by, names }: { by: string; names: readonly string[] }) {
  return (
    <>
      <dt>{by}</dt>
      <dd>
        <Listed texts={names} />
      </dd>
    </>
  );
}

function Forget({ id }: { id: string }) {
  const deed = useDeed();
  async function forget(): Promise<void> {
    const params = { path: { device: id } };
    const isDone = await deed.run(() => told(api.DELETE("/devices/{device}", { params })));
    if (isDone) location.hash = addressOf("devices");
  }
  return (
    <>
      <button
        type="button"
        disabled={deed.isBusy.value}
        title={t("device.forget.about")}
        aria-label={t("device.forget_of", { id })}
        onClick={forget}
      >
        {t("device.forget")}
      </button>
      <Trouble deed={deed} />
    </>
  );
}
