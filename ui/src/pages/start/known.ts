// What several steps ask the server, and how they change its settings.

import { isLoopback } from "../../parts/loopback";
import { api, type Schemas, told } from "../../server/api";
import { type Polled, usePolled } from "../../server/polled";

export type Setup = Schemas["Setup"];
export type Settings = Schemas["AllSettings"];
export type Change = Schemas["SettingChange"];

/** How devices find this server; again and again, as something may be mended meanwhile. */
export function useSetup(everyMs: number | null): Polled<Setup> {
  return usePolled("setup", (signal) => told(api.GET("/setup", { signal })), everyMs);
}

/** Read once, and when `undone` is another. */
export function useSettings(undone = 0): Polled<Settings> {
  return usePolled("settings", (signal) => told(api.GET("/settings", { signal })), null, [undone]);
}

/** One setting of all. */
export const settingOf = (settings: Settings | undefined, key: string) =>
  settings?.settings.find((each) => each.key === key);

/** What the history says of these changes: a sentence in English, as those of the server are. */
const NOTE = "first run";

/** Change settings as one revision, which can be taken back as one. */
export const change = (changes: Change[]) =>
  told(api.PATCH("/settings", { body: { changes, note: NOTE, revision: null, dry_run: false } }));

/** The addresses that devices should be given: the best of each family. */
export function bestOf({ addresses }: Setup): Schemas["MachineAddress"][] {
  const lasting = addresses.filter(({ reach }) => reach !== "link");
  return [4, 6].flatMap((version) => lasting.find((each) => each.version === version) ?? []);
}

/** Hosts that stand for all addresses of a machine. */
export const ANYWHERE: ReadonlySet<string> = new Set(["0.0.0.0", "::", ""]);

/** The host of an address with a port, without brackets. */
export const hostOf = (place: string): string => place.replace(/:\d+$/, "").replace(/^\[|\]$/g, "");

/** The port of one, as text. */
export const portOf = (place: string): string => /:(\d+)$/.exec(place)?.[1] ?? "";

/** The lines that hold a setting where somebody holds it already, "environment X" or a file. */
export function linesOf(where: string, [room, key]: readonly [string, string], value: unknown) {
  const written = JSON.stringify(value);
  const [, variable] = /^environment (\S+)$/.exec(where) ?? [];
  return variable ? [`${variable}='${written}'`] : [`${room}:`, `  ${key}: ${written}`];
}

/** The address by which this page was reached, "" where that is the machine's own. */
export function reachedBy(host = location.hostname): string {
  const bare = host.replace(/^\[|\]$/g, "");
  return isLoopback(bare) ? "" : bare;
}
