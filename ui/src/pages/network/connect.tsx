// What a device has to be told to ask this server, encrypted, at home and away: for each kind of device
// its address, a code for its camera, and the steps.

import { useSignal } from "@preact/signals";
import { addressOf } from "../../address";
import { TYPING_MS, useAsked } from "../../parts/asked";
import { api, type Schemas, told } from "../../server/api";
import { usePolled } from "../../server/polled";
import { t } from "../../words/words";
import { Guides } from "./guides";
import { WhichDevice } from "./which_device";
import "./network.css";

export default function Connect() {
  const read = (signal: AbortSignal) => told(api.GET("/listeners", { signal }));
  const found = usePolled("listeners", read, null).last.value;
  const name = useSignal("");
  const id = useSignal("");
  const wanted = name.value || found?.names[0] || "";
  const { found: setup, trouble } = useAsked(
    wanted ? { name: wanted, client_id: id.value.trim() } : null,
    (query, signal) => told(api.GET("/device-setup", { params: { query }, signal })),
    TYPING_MS,
  );
  return (
    <>
      <section class="card" aria-labelledby="connect-title">
        <div class="card-head">
          <h1 id="connect-title">{t("network.connect")}</h1>
        </div>
        <p class="quiet help">{t("network.connect.help")}</p>
        {found && found.names.length > 0 && (
          <WhichDevice
            names={found.names}
            name={wanted}
            onName={(chosen) => {
              name.value = chosen;
            }}
            id={id}
          />
        )}
        <p class="error" role="alert">
          {trouble.value}
        </p>
        {found && !isReady(found) && <NotYet />}
        {setup.value && !setup.value.fits && setup.value.client_id !== "" && (
          <p class="notice">{t("network.not_covered")}</p>
        )}
      </section>
      {found && isReady(found) && setup.value && <Guides setup={setup.value} />}
      <Plainly found={found} />
    </>
  );
}

const isReady = ({ names, listeners }: Schemas["Listeners"]): boolean =>
  names.length > 0 && listeners.some(({ kind, wanted }) => kind !== "plain" && wanted.length > 0);

function NotYet() {
  return (
    <p class="notice coming">
      {t("network.not_yet")} <a href={addressOf("listeners")}>{t("nav.listeners")}</a>
    </p>
  );
}

/** Devices at home need none of this: their router tells them. */
function Plainly({ found }: { found: Schemas["Listeners"] | undefined }) {
  const plain = found?.listeners.find(({ kind }) => kind === "plain")?.listening ?? [];
  if (plain.length === 0) return null;
  return (
    <section class="card" aria-labelledby="plain-title">
      <div class="card-head">
        <h2 id="plain-title">{t("network.plainly")}</h2>
      </div>
      <p class="quiet help">{t("network.plainly.help")}</p>
    </section>
  );
}
