// Devices in the order somebody chose, and those that a text finds.

import type { Schemas } from "../../server/api";
import type { DayOf } from "./day_of";

export type Device = Schemas["DeviceShown"];
export type Column = "name" | "group" | "queries" | "share" | "last";

export interface Row {
  readonly device: Device;
  readonly day: DayOf | undefined;
}

export interface Order {
  readonly by: Column;
  readonly isDown: boolean;
}

/** What a device is called, and where nobody calls it anything, what finds it again. */
export const calledOf = ({ client, name, id }: Device): string => client || name || id;

export const groupShown = ({ group }: Device): string => (group === "default" ? "" : group);

/** The share of its queries that was blocked, in per cent; -1 where it asked nothing. */
export const shareOf = (day: DayOf | undefined): number =>
  day?.queries ? (100 * day.blocked) / day.queries : -1;

/** How a column begins when it is chosen: names from a, numbers with the greatest. */
export const startsDown = (by: Column): boolean => by !== "name" && by !== "group";

export function ordered(rows: readonly Row[], { by, isDown }: Order): readonly Row[] {
  const sign = isDown ? -1 : 1;
  return rows.toSorted(
    (one, other) => sign * compared(one, other, by) || compared(one, other, "name"),
  );
}

function compared(one: Row, other: Row, by: Column): number {
  switch (by) {
    case "name":
      return inOrder(calledOf(one.device), calledOf(other.device));
    case "group":
      return inOrder(groupShown(one.device), groupShown(other.device));
    case "queries":
      return (one.day?.queries ?? 0) - (other.day?.queries ?? 0);
    case "share":
      return shareOf(one.day) - shareOf(other.day);
    case "last":
      return (one.device.last_seen ?? 0) - (other.device.last_seen ?? 0);
  }
}

const inOrder = (one: string, other: string): number =>
  one.localeCompare(other, undefined, { numeric: true, sensitivity: "base" });

/** Those of which a text is part of a name, an address, the MAC, the maker or the group. */
export function sought(rows: readonly Row[], text: string): readonly Row[] {
  const wanted = text.trim().toLowerCase();
  return rows.filter(({ device }) =>
    textsOf(device).some((each) => each.toLowerCase().includes(wanted)),
  );
}

const textsOf = (device: Device): readonly string[] => [
  ...[device.client, device.name, device.id, device.mac, device.maker, groupShown(device)],
  ...device.names.flatMap(({ names }) => names),
  ...device.addresses.map(({ address }) => address),
];
