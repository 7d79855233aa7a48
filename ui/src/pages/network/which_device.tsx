// Which device is to be set up: by an id it is known wherever it asks from.

import { type Signal, useSignal } from "@preact/signals";
import { Trouble, useDeed } from "../../parts/deed";
import { Foreign } from "../../parts/foreign";
import { api, type Schemas, told } from "../../server/api";
import { usePolled } from "../../server/polled";
import { may } from "../../server/reach";
import { T } from "../../words/rich";
import { t } from "../../words/words";

interface Given {
  readonly names: readonly string[];
  readonly name: string;
  readonly onName: (name: string) => void;
  readonly id: Signal<string>;
}

interface Client {
  readonly name: string;
  readonly ids: readonly string[];
  readonly locked: string;
}

export function WhichDevice({ names, name, onName, id }: Given) {
  const read = (signal: AbortSignal) => told(api.GET("/clients", { signal }));
  const polled = usePolled("clients", read, null);
  const clients = (polled.last.value?.items ?? []).map(clientOf);
  const known = clients.flatMap((each) => each.ids.map((one) => ({ client: each.name, id: one })));
  return (
    <>
      <div class="filters">
        {names.length > 1 && (
          <select
            aria-label={t("network.server_name")}
            value={name}
            onChange={(event) => onName(event.currentTarget.value)}
          >
            {names.map((each) => (
              <option key={each}>{each}</option>
            ))}
          </select>
        )}
        <select
          id="which-device"
          aria-label={t("network.which_device")}
          value={id.value}
          onChange={(event) => {
            id.value = event.currentTarget.value;
          }}
        >
          <option value="">{t("network.any_device")}</option>
          {known.map(({ client, id: one }) => (
            <option key={one} value={one}>
              {t("network.client_with_id", { client, id: one })}
            </option>
          ))}
        </select>
      </div>
      <p class="quiet small">{t("network.id.help")}</p>
      {may("settings:write") && (
        <GiveId
          clients={clients.filter(({ locked }) => locked === "")}
          onGiven={(given) => {
            id.value = given;
            polled.now();
          }}
        />
      )}
    </>
  );
}

function clientOf({ name, value, locked }: Schemas["SettingItem"]): Client {
  const { ids = [] } = value as { ids?: readonly string[] };
  return { name, ids, locked };
}

interface GiveGiven {
  readonly clients: readonly Client[];
  readonly onGiven: (id: string) => void;
}

/** An id for a client that the settings have, or for a new one. */
function GiveId({ clients, onGiven }: GiveGiven) {
  const client = useSignal("");
  const id = useSignal("");
  const deed = useDeed();
  async function give(event: Event): Promise<void> {
    event.preventDefault();
    const name = client.value.trim();
    const wanted = id.value.trim().toLowerCase();
    const ids = clients.find((each) => each.name === name)?.ids ?? [];
    const params = { path: { name } };
    const body = { ids: [...new Set([...ids, wanted])], keep: true, dry_run: false };
    const given = await deed.run(() => told(api.PUT("/clients/{name}", { params, body })));
    if (!given) return;
    client.value = "";
    id.value = "";
    onGiven(wanted);
  }
  return (
    <details class="give">
      <summary>{t("network.give_id")}</summary>
      <form class="naming" onSubmit={give}>
        <input
          id="id-client"
          type="text"
          required
          maxLength={100}
          list="id-clients"
          aria-label={t("network.id_client")}
          placeholder={t("network.id_client")}
          value={client.value}
          onInput={(event) => {
            client.value = event.currentTarget.value;
          }}
        />
        <datalist id="id-clients">
          {clients.map(({ name }) => (
            <option key={name} value={name} />
          ))}
        </datalist>
        <input
          id="id-new"
          type="text"
          required
          maxLength={63}
          pattern="[A-Za-z0-9\-]+"
          spellcheck={false}
          autocapitalize="off"
          aria-label={t("network.id_new")}
          placeholder="tablet"
          value={id.value}
          onInput={(event) => {
            id.value = event.currentTarget.value;
          }}
        />
        <button type="submit" disabled={deed.isBusy.value}>
          {t("network.id_give")}
        </button>
        {id.value.trim() && client.value.trim() && (
          <p class="quiet small">
            <T
              k="network.id_gives"
              values={{
                client: <Foreign text={client.value.trim()} />,
                id: <Foreign text={id.value.trim().toLowerCase()} look="rule" />,
              }}
            />
          </p>
        )}
        <Trouble deed={deed} />
      </form>
    </details>
  );
}
