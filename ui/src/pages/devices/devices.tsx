// Who asked lately: every device with what it is called, and a name for it in one click; and one added
// that has not asked.

import { useSignal } from "@preact/signals";
import { addressOf } from "../../address";
import { Foreign, Translated } from "../../parts/foreign";
import { LastChange } from "../../parts/policy/undo";
import { api, told } from "../../server/api";
import { usePolled } from "../../server/polled";
import { may } from "../../server/reach";
import { t } from "../../words/words";
import { Adding } from "./adding";
import { dayOf } from "./day_of";
import { type Device, sought } from "./order";
import { Table } from "./table";
import "./devices.css";

const EVERY_MS = 10_000;
const COUNTED_EVERY_MS = 60_000;
const MOST_COUNTED = 1000;
/** From so many on one looks for a device, and does not read them all. */
const MANY = 10;

export default function Devices() {
  const read = (signal: AbortSignal) => told(api.GET("/devices", { signal }));
  const polled = usePolled("devices", read, EVERY_MS);
  const isAdding = useSignal(false);
  const found = polled.last.value;
  return (
    <>
      <LastChange onUndone={polled.now} />
      <section class="card" aria-labelledby="devices-title">
        <div class="card-head">
          <h1 id="devices-title">{t("nav.devices")}</h1>
          {may("settings:write") && !isAdding.value && (
            <button
              type="button"
              onClick={() => {
                isAdding.value = true;
              }}
            >
              {t("devices.add")}
            </button>
          )}
        </div>
        {isAdding.value && (
          <Adding
            onClose={() => {
              isAdding.value = false;
            }}
          />
        )}
        {found?.hidden && (
          <p class="quiet">
            <Translated text={found.hidden} />
          </p>
        )}
        {found && !found.hidden && found.devices.length === 0 && (
          <p class="quiet">{t("devices.none")}</p>
        )}
        {found && found.devices.length > 0 && (
          <Found devices={found.devices} onNamed={polled.now} />
        )}
        {found && may("settings:read") && <Quiet devices={found.devices} />}
      </section>
    </>
  );
}

interface FoundGiven {
  readonly devices: readonly Device[];
  readonly onNamed: () => void;
}

/** Those that asked, with what each asked in a day. */
function Found({ devices, onNamed }: FoundGiven) {
  const text = useSignal("");
  const isCounted = may("stats:read");
  const read = async (signal: AbortSignal) => {
    const query = { period: "24h", clients: MOST_COUNTED } as const;
    return isCounted
      ? (await told(api.GET("/statistics", { params: { query }, signal }))).top_clients
      : [];
  };
  const counts = usePolled("devices counted", read, isCounted ? COUNTED_EVERY_MS : null).last.value;
  const rows = devices.map((device) => ({
    device,
    day: isCounted && counts ? dayOf(device, counts) : undefined,
  }));
  const shown = sought(rows, text.value);
  return (
    <>
      {devices.length >= MANY && (
        <search class="filters">
          <input
            type="search"
            aria-label={t("devices.search")}
            placeholder={t("devices.search")}
            value={text.value}
            onInput={(event) => {
              text.value = event.currentTarget.value;
            }}
          />
        </search>
      )}
      {shown.length > 0 ? (
        <Table rows={shown} onNamed={onNamed} />
      ) : (
        <p class="quiet" role="status">
          {t("devices.none_such")}
        </p>
      )}
    </>
  );
}

/** Clients of the settings that have not asked lately. */
function Quiet({ devices }: { devices: readonly Device[] }) {
  const read = (signal: AbortSignal) => told(api.GET("/clients", { signal }));
  const clients =
    usePolled("clients", read, null, [devices.map(({ client }) => client).join()]).last.value
      ?.items ?? [];
  const quiet = clients.filter(({ name }) => devices.every(({ client }) => client !== name));
  if (quiet.length === 0) return null;
  return (
    <section aria-labelledby="quiet-title">
      <h2 id="quiet-title">{t("devices.quiet")}</h2>
      <ul id="quiet" class="rules">
        {quiet.map(({ name }) => (
          <li key={name}>
            <a href={addressOf("device", {}, name)}>
              <Foreign text={name} />
            </a>
          </li>
        ))}
      </ul>
    </section>
  );
}
