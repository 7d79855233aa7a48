// Devices that ask and are turned away: they have reached this server, and get no answer.

import type { Schemas } from "../../server/api";

export type Device = Schemas["DeviceShown"];
type Address = Device["addresses"][number];

/** The addresses at which it may not ask. */
export const turnedAwayAt = ({ addresses }: Device): readonly Address[] =>
  addresses.filter(({ turned_away_by }) => turned_away_by !== "");

/** Whether it gets no answer at all; of who has no address nobody knows. */
export const isTurnedAway = (device: Device): boolean =>
  device.addresses.length > 0 && turnedAwayAt(device).length === device.addresses.length;
