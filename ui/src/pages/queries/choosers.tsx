// Whose queries are shown, and of which type: chosen among those there are.

import { rewrite } from "../../address";
import { api, type Schemas, told } from "../../server/api";
import { usePolled } from "../../server/polled";
import { visible } from "../../words/format";
import { t } from "../../words/words";
import type { Filter } from "./filter";

type Device = Schemas["DeviceShown"];

/** What devices ask for; others are found by a click at a query. */
const TYPES = [
  "A",
  "AAAA",
  "HTTPS",
  "SVCB",
  "PTR",
  "CNAME",
  "MX",
  "NS",
  "SOA",
  "SRV",
  "TXT",
  "DNSKEY",
  "DS",
] as const;

interface Option {
  readonly value: string;
  readonly name: string;
}

export function DeviceChooser({ filter }: { filter: Filter }) {
  const read = (signal: AbortSignal) => told(api.GET("/devices", { signal }));
  const devices = usePolled("devices", read, null).last.value?.devices ?? [];
  if (devices.length === 0 && filter.client === "") return null; // or it is not told who asks
  return (
    <Chooser
      id="choose-client"
      label={t("queries.filter_client")}
      all={t("queries.all_clients")}
      value={filter.client}
      options={optionsOf(devices)}
      onChoose={(client) => rewrite({ ...filter, client })}
    />
  );
}

export function TypeChooser({ filter }: { filter: Filter }) {
  return (
    <Chooser
      id="choose-type"
      label={t("queries.filter_type")}
      all={t("queries.all_types")}
      value={filter.type}
      options={TYPES.map((type) => ({ value: type, name: type }))}
      onChoose={(type) => rewrite({ ...filter, type })}
    />
  );
}

/** A client of the settings once, with all of its devices; the others as the log knows them. */
function optionsOf(devices: readonly Device[]): Option[] {
  const names = new Map(
    devices.map((each) => [each.client || each.mac || each.id, calledOf(each)]),
  );
  return [...names]
    .map(([value, name]) => ({ value, name }))
    .sort((one, other) => one.name.localeCompare(other.name));
}

const calledOf = ({ client, name, addresses, id }: Device): string =>
  client || name || addresses[0]?.address || id;

interface Given {
  readonly id: string;
  readonly label: string;
  readonly all: string;
  readonly value: string;
  readonly options: readonly Option[];
  readonly onChoose: (value: string) => void;
}

function Chooser({ id, label, all, value, options, onChoose }: Given) {
  const isKnown = value === "" || options.some((each) => each.value === value);
  return (
    <select
      id={id}
      aria-label={label}
      value={value}
      onChange={(event) => onChoose(event.currentTarget.value)}
    >
      <option value="">{all}</option>
      {!isKnown && <option value={value}>{visible(value)}</option>}
      {options.map((each) => (
        <option key={each.value} value={each.value}>
          {visible(each.name)}
        </option>
      ))}
    </select>
  );
}
