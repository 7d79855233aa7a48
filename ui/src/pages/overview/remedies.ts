// What a button beside a problem does: the deed that ends it, or the page where it is put right.

import { addressOf } from "../../address";
import { addressOfStep, type Step } from "../../parts/steps";
import { api, Refused, type Schemas, told } from "../../server/api";
import { may } from "../../server/reach";
import { type Key, t } from "../../words/words";
import { accept as acceptHeld } from "../list/undo";

type Permission = Schemas["Permission"];

export interface Remedy {
  /** What the button says. */
  readonly words: string;
  readonly needs: Permission;
  /** Where it leads, or else what it does. */
  readonly leads?: string;
  readonly work?: () => Promise<unknown>;
}

interface Place {
  readonly words: Key;
  readonly needs: Permission;
  readonly page: string;
  /** The setting that is to be looked at. */
  readonly setting?: string;
  readonly step?: Step;
}

const LISTS: Place = { words: "remedy.lists", needs: "lists:read", page: "lists" };
const DEVICES: Place = { words: "remedy.devices", needs: "log:read", page: "devices" };
const UPSTREAMS: Place = { words: "remedy.upstreams", needs: "settings:read", page: "upstreams" };
const SYSTEM: Place = { words: "remedy.system", needs: "settings:read", page: "system" };
const setting = (key: string): Place => ({
  words: "remedy.setting",
  needs: "settings:read",
  page: "settings",
  setting: key,
});

/** By the code of a problem, or how codes begin. */
const PLACES: readonly (readonly [string, Place])[] = [
  ["accounts.", { words: "remedy.accounts", needs: "accounts:write", page: "accounts" }],
  ["state.", SYSTEM],
  ["backup.", SYSTEM],
  ["lists", LISTS],
  ["filter.patterns_given_up", LISTS],
  ["devices.", DEVICES],
  [
    "listening.taken",
    { words: "remedy.port", needs: "settings:write", page: "start", step: "devices" },
  ],
  ["listening.", setting("dns.listen")],
  ["dns.certificate", setting("dns.certificate")],
  ["web.certificate", setting("web.certificate")],
  ["upstreams.unfound", setting("upstream.bootstrap")],
  ["upstreams.", UPSTREAMS],
  ["queries.dropped", UPSTREAMS],
  ["cache.", setting("cache")],
  ["local.hosts_file", setting("local.hosts_file")],
  ["log.", setting("query_log")],
  ["shipping.", setting("shipping")],
  ["storage.", setting("storage")],
  ["settings.", setting("")],
];

/** What can be done about a problem of the server; null where no click helps. */
export function remedyOf({ code }: Pick<Schemas["ProblemInfo"], "code">): Remedy | null {
  if (code === "protection.paused") {
    return {
      words: t("protection.resume"),
      needs: "protection:write",
      work: () => told(api.POST("/protection/resume", { body: { scope: "all" } })),
    };
  }
  const found = PLACES.find(([begin]) => code.startsWith(begin))?.[1];
  if (!found) return null;
  const query = found.setting ? { search: found.setting } : {};
  const leads = found.step ? addressOfStep(found.step) : addressOf(found.page, query);
  return { words: t(found.words), needs: found.needs, leads };
}

/** The list could not be fetched: once more. */
export const fetchAgain = (name: string): Remedy => ({
  words: t("remedy.fetch"),
  needs: "lists:write",
  work: async () => {
    const { failed } = await told(api.POST("/lists/update", { body: { names: [name] } }));
    if (failed.length > 0) throw new Refused(t("lists.failed", { count: failed.length }));
  },
});

/** Its new version is held back: use it. */
export const accept = (name: string): Remedy => ({
  words: t("lists.use_all_the_same"),
  needs: "lists:write",
  work: () => acceptHeld(name),
});

export const isAllowed = ({ needs }: Remedy): boolean => may(needs);
