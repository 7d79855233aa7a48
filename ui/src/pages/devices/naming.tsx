// Making a device a client of the settings: a name for it, and the group it is in; or one more of the
// devices of a client there is, which stays in its group.

import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { Foreign, Translated } from "../../parts/foreign";
import { Groups } from "../../parts/groups";
import { groupOf, type Item, itemOf, saidBy } from "../../parts/policy/known";
import { noteChange } from "../../parts/policy/undo";
import { api, type Schemas, told } from "../../server/api";
import { usePolled } from "../../server/polled";
import { atTheDoor, wordsOf } from "../../server/reach";
import { T } from "../../words/rich";
import { t } from "../../words/words";

const LONGEST = 100;

interface Given {
  readonly device: Schemas["DeviceShown"];
  readonly isOpen: boolean;
  readonly onOpen: (isOpen: boolean) => void;
  /** Has the devices read again. */
  readonly onNamed: () => void;
}

export function Naming({ device, isOpen, onOpen, onNamed }: Given) {
  const { id, client } = device;
  if (client) return null;
  return isOpen ? (
    <NamingForm device={device} onOpen={onOpen} onNamed={onNamed} />
  ) : (
    <button type="button" aria-label={t("devices.name_it_of", { id })} onClick={() => onOpen(true)}>
      {t("devices.name_it")}
    </button>
  );
}

function NamingForm({ device, onOpen, onNamed }: Omit<Given, "isOpen">) {
  const name = useSignal(device.name);
  const group = useSignal("");
  const trouble = useSignal("");
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => input.current?.select(), []);
  const read = (signal: AbortSignal) => told(api.GET("/clients", { signal }));
  const clients = usePolled("clients there are", read, null).last.value?.items ?? [];
  const joined = itemOf(clients, name.value.trim());

  async function adopt(event: Event): Promise<void> {
    event.preventDefault();
    const params = { path: { device: device.id } };
    const body = { name: name.value.trim(), group: joined ? null : group.value || null };
    try {
      const result = await told(api.POST("/devices/{device}/adopt", { params, body }));
      const called = joined?.name ?? body.name;
      noteChange(
        t(joined ? "devices.joined" : "devices.named", { name: called, id: device.id }),
        result,
      );
      onOpen(false);
      onNamed();
    } catch (error) {
      if (!(await atTheDoor(error))) trouble.value = wordsOf(error);
    }
  }

  return (
    <form class="naming" onSubmit={adopt}>
      <input
        ref={input}
        type="text"
        aria-label={t("devices.name")}
        maxLength={LONGEST}
        required
        value={name.value}
        onInput={(event) => {
          name.value = event.currentTarget.value;
        }}
      />
      {!joined && (
        <Groups chosen={group} everybody={t("devices.default_group")} label={t("devices.group")} />
      )}
      <button type="submit" class="main" disabled={Boolean(joined?.locked)}>
        {t("devices.save")}
      </button>
      <button type="button" onClick={() => onOpen(false)}>
        {t("cancel")}
      </button>
      <p role="status">{joined && <Joins client={joined} />}</p>
      <p class="error" role="alert">
        {trouble.value}
      </p>
    </form>
  );
}

/** What becomes of the device, and of the client that has the name. */
function Joins({ client }: { client: Item }) {
  if (client.locked)
    return <T k="policy.held" values={{ where: <Translated text={client.locked} /> }} />;
  const group = groupOf(saidBy(client));
  if (group.toLowerCase() === "default") return <>{t("devices.joins")}</>;
  return <T k="devices.joins_in" values={{ group: <Foreign text={group} /> }} />;
}
