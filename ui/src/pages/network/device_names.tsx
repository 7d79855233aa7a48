// The names that the network has for its devices, and where each comes from.

import { addressOf } from "../../address";
import { Foreign, Listed } from "../../parts/foreign";
import { api, type Schemas, told } from "../../server/api";
import { usePolled } from "../../server/polled";
import { may } from "../../server/reach";
import { t } from "../../words/words";

type Device = Schemas["DeviceShown"];

export function DeviceNames() {
  if (!may("log:read")) return null;
  return <Found />;
}

function Found() {
  const read = (signal: AbortSignal) => told(api.GET("/devices", { signal }));
  const found = usePolled("device names", read, null).last.value;
  const named = found?.devices.filter(({ names }) => names.length > 0) ?? [];
  if (named.length === 0) return null;
  return (
    <section class="card" aria-labelledby="device-names-title">
      <div class="card-head">
        <h2 id="device-names-title">{t("network.device_names")}</h2>
        <a href={addressOf("devices")}>{t("nav.devices")}</a>
      </div>
      <p class="quiet help">{t("network.device_names.help")}</p>
      <ul class="rules">
        {named.map((device) => (
          <Row key={device.id} device={device} />
        ))}
      </ul>
    </section>
  );
}

function Row({ device: { addresses, names, id } }: { device: Device }) {
  return (
    <li>
      <span>
        {names.map(({ source, names: those }) => (
          <span key={source}>
            <Listed texts={those} />{" "}
            <span class="quiet small">({t(`network.source.${source}`)})</span>{" "}
          </span>
        ))}
      </span>
      <span class="quiet">
        <Foreign text={addresses[0]?.address ?? id} />
      </span>
    </li>
  );
}
