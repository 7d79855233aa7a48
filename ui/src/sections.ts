// The pages there are, in the sections that the navigation shows, and which of them one is on.

import { computed } from "@preact/signals";
import { place } from "./address";
import { Overview } from "./pages/overview/overview";
import type { Load, Page } from "./parts/on_demand";
import type { Key } from "./words/words";

interface PageEntry {
  readonly page: string;
  readonly name: Key;
  /** What shows it, where that came with the frame; else what brings it. */
  readonly show?: Page;
  readonly load?: Load;
  /** Whether it is about one of many, which others lead to. */
  readonly isOneOf?: boolean;
  /** Whether it is about several sinkholes, and of no use to one that shares nothing. */
  readonly isOfNodes?: boolean;
}

export interface Section {
  readonly name: Key;
  /** The first is where the section begins. */
  readonly pages: readonly [PageEntry, ...PageEntry[]];
}

export const SECTIONS: readonly Section[] = [
  { name: "nav.overview", pages: [{ page: "", name: "nav.overview", show: Overview }] },
  {
    name: "nav.queries",
    pages: [
      { page: "queries", name: "nav.queries", load: () => import("./pages/queries/queries") },
    ],
  },
  {
    name: "nav.devices",
    pages: [
      { page: "devices", name: "nav.devices", load: () => import("./pages/devices/devices") },
      {
        page: "device",
        name: "nav.device",
        load: () => import("./pages/device/device"),
        isOneOf: true,
      },
      { page: "groups", name: "nav.groups", load: () => import("./pages/groups/groups") },
      {
        page: "group",
        name: "nav.group",
        load: () => import("./pages/groups/group"),
        isOneOf: true,
      },
      {
        page: "schedules",
        name: "nav.schedules",
        load: () => import("./pages/schedules/schedules"),
      },
      { page: "pauses", name: "nav.pauses", load: () => import("./pages/pauses/pauses") },
    ],
  },
  {
    name: "nav.filter",
    pages: [
      { page: "lists", name: "nav.lists", load: () => import("./pages/lists/lists") },
      { page: "catalogue", name: "nav.catalogue", load: () => import("./pages/lists/catalogue") },
      { page: "services", name: "nav.services", load: () => import("./pages/services/services") },
      { page: "rules", name: "nav.rules", load: () => import("./pages/rules/rules") },
      {
        page: "list",
        name: "nav.list",
        load: () => import("./pages/list/list"),
        isOneOf: true,
      },
    ],
  },
  {
    name: "nav.network",
    pages: [
      {
        page: "upstreams",
        name: "nav.upstreams",
        load: () => import("./pages/network/upstreams"),
      },
      { page: "routes", name: "nav.routes", load: () => import("./pages/network/routes") },
      { page: "names", name: "nav.names", load: () => import("./pages/network/names") },
      {
        page: "listeners",
        name: "nav.listeners",
        load: () => import("./pages/network/listeners"),
      },
      { page: "connect", name: "nav.connect", load: () => import("./pages/network/connect") },
    ],
  },
  {
    name: "nav.system",
    pages: [
      { page: "system", name: "nav.system_page", load: () => import("./pages/system/system") },
      { page: "settings", name: "nav.settings", load: () => import("./pages/settings/settings") },
      { page: "accounts", name: "nav.accounts", load: () => import("./pages/accounts/accounts") },
      {
        page: "nodes",
        name: "nav.nodes",
        load: () => import("./pages/nodes/nodes"),
        isOfNodes: true,
      },
      { page: "audit", name: "nav.audit", load: () => import("./pages/audit/audit") },
      { page: "start", name: "nav.start", load: () => import("./pages/start/start") },
    ],
  },
];
const NOWHERE = { section: undefined, entry: undefined };

/** The page that the address says, and its section. */
export const here = computed(() => {
  for (const section of SECTIONS) {
    const entry = section.pages.find(({ page }) => page === place.value.page);
    if (entry) return { section, entry };
  }
  return NOWHERE;
});
