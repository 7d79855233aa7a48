// What the settings know that traits speak of: lists, services, groups, schedules, clients.

import { api, type Schemas, told } from "../../server/api";
import { type Polled, usePolled } from "../../server/polled";
import { may } from "../../server/reach";
import { translatedName } from "../../words/words";
import type { Accepts } from "../kind";
import { type Said, type Trait, traitsOf } from "./traits";

export type Item = Schemas["SettingItem"];

export interface Known {
  readonly revision: string;
  readonly settings: readonly Schemas["Setting"][];
  readonly groups: readonly Item[];
  readonly clients: readonly Item[];
  readonly schedules: readonly Item[];
  readonly services: readonly Schemas["Service"][];
  readonly lists: readonly string[];
  readonly upstreams: readonly string[];
  readonly traits: readonly Trait[];
  /** How people call a service. */
  readonly called: (service: string) => string;
}

export type Collection = "groups" | "clients" | "schedules";

/** Read once; `now` reads it again. */
export function useKnown(): Polled<Known> {
  return usePolled("settings", known, null);
}

async function known(signal: AbortSignal): Promise<Known> {
  const [{ revision, settings }, services] = await Promise.all([
    told(api.GET("/settings", { signal })),
    may("lists:read") ? told(api.GET("/services", { signal })) : { services: [] },
  ]);
  const setting = (key: string) => settings.find((each) => each.key === key);
  const items = (key: string) => setting(key)?.items ?? [];
  const names = new Map(services.services.map(({ id, name }) => [id, name]));
  return {
    revision,
    settings,
    groups: items("groups"),
    clients: items("clients"),
    schedules: items("schedules"),
    services: services.services,
    lists: items("filtering.lists").map(({ name }) => name),
    upstreams: Object.keys((setting("upstream.sets")?.value ?? {}) as object),
    traits: traitsOf(itemAccepts(setting("groups"))),
    called: (service) => translatedName(names.get(service) ?? service),
  };
}

const itemAccepts = (setting: Schemas["Setting"] | undefined): Accepts =>
  (setting?.accepts as Accepts | undefined)?.items ?? {};

/** An item by its name, in whatever spelling. */
export const itemOf = (items: readonly Item[], name: string): Item | undefined =>
  items.find((each) => each.name.toLowerCase() === name.toLowerCase());

export const saidBy = (item: Item | undefined): Said => (item?.value ?? {}) as Said;

/** The group that a client is in. */
export const groupOf = (client: Said): string => String(client.group ?? "default");
