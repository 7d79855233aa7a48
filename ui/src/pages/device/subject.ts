// Which device a page is about: a client of the settings with all its devices, or a device without one.

import { type Item, itemOf, type Known, saidBy } from "../../parts/policy/known";
import type { Schemas } from "../../server/api";

export type Device = Schemas["DeviceShown"];

export interface Subject {
  readonly client: Item | undefined;
  readonly devices: readonly Device[];
  /** What it is called by where the server is asked about it. */
  readonly asked: string;
}

/** Who is meant by a name, an address, a MAC or an id; null for nobody who is known. */
export function subjectOf(
  text: string,
  devices: readonly Device[],
  known: Known | undefined,
): Subject | null {
  const wanted = text.toLowerCase();
  const meant = devices.find((each) => callsOf(each).includes(wanted));
  const client = known && itemOf(known.clients, meant?.client || text);
  const name = client?.name ?? meant?.client;
  if (!client && !meant) return null;
  const all = name ? devices.filter((each) => each.client === name) : meant ? [meant] : [];
  return { client, devices: all, asked: name || meant?.id || text };
}

const callsOf = ({ id, mac, client, name, addresses }: Device): string[] =>
  [id, mac, client, name, ...addresses.map(({ address }) => address)]
    .filter(Boolean)
    .map((each) => each.toLowerCase());

const MOST = 100;

/** What the log is asked for its queries. */
export function soughtOf({ client, devices }: Subject) {
  if (devices.length > 0) return { devices: devices.map(({ id }) => id).slice(0, MOST) };
  const { addresses = [], macs = [], ids = [] } = saidBy(client) as Record<string, string[]>;
  const clients = [...macs, ...ids, ...addresses].map((each) => each.replace(/\/(32|128)$/, ""));
  return { clients: clients.slice(0, MOST) };
}

/** The same for the address of the log's page, which takes one. */
export function logOf(subject: Subject): Record<string, string> {
  const { devices = [], clients = [] } = soughtOf(subject) as Record<string, string[]>;
  return {
    client: devices.length === 1 ? (devices[0] ?? "") : ((subject.asked || clients[0]) ?? ""),
  };
}
