// How much each device asked in the last day, out of the statistics of all clients.

import type { Schemas } from "../../server/api";

type Device = Schemas["DeviceShown"];
type Counted = Schemas["ClientCount"];

export interface DayOf {
  readonly queries: number;
  readonly blocked: number;
}

/** What was counted for a device by its MAC, its id, or an address before its MAC was known. */
export function dayOf({ id, mac, addresses }: Device, counts: readonly Counted[]): DayOf {
  const own = [id, ...addresses.map(({ address }) => address)];
  const found = counts.filter(({ device, client }) =>
    device ? device === mac : own.includes(client),
  );
  return {
    queries: found.reduce((sum, each) => sum + each.count, 0),
    blocked: found.reduce((sum, each) => sum + each.blocked, 0),
  };
}
