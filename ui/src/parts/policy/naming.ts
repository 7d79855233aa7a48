// Traits and their values in words.

import { type Key, t } from "../../words/words";
import { GROUP, nameOf } from "../service_groups";

const NAMES: Readonly<Record<string, Key>> = {
  filtering: "trait.filtering",
  lists: "trait.lists",
  rules: "trait.rules",
  services: "trait.services",
  categories: "trait.categories",
  allow_only: "trait.allow_only",
  refuse_types: "trait.refuse_types",
  upstream: "trait.upstream",
  client_subnet: "trait.client_subnet",
  rate_limit: "trait.rate_limit",
  privacy: "trait.privacy",
  log: "trait.log",
  statistics: "trait.statistics",
  schedules: "trait.schedules",
  group: "trait.group",
  name: "trait.name",
  addresses: "trait.addresses",
  macs: "trait.macs",
  ids: "trait.ids",
  hosts: "trait.hosts",
  tags: "trait.tags",
  windows: "trait.windows",
  "builtin.doh_canary": "trait.doh_canary",
  "builtin.private_relay": "trait.private_relay",
  "builtin.discovery": "trait.discovery",
  "builtin.rebinding": "trait.rebinding",
  "blocking.mode": "trait.mode",
  "blocking.ttl": "trait.ttl",
  "blocking.custom_ipv4": "trait.custom_ipv4",
  "blocking.custom_ipv6": "trait.custom_ipv6",
};

const HELP: Readonly<Record<string, Key>> = {
  filtering: "trait.filtering.help",
  lists: "trait.lists.help",
  rules: "trait.rules.help",
  services: "trait.services.help",
  categories: "trait.categories.help",
  allow_only: "trait.allow_only.help",
  refuse_types: "trait.refuse_types.help",
  upstream: "trait.upstream.help",
  client_subnet: "trait.client_subnet.help",
  rate_limit: "trait.rate_limit.help",
  privacy: "trait.privacy.help",
  log: "trait.log.help",
  statistics: "trait.statistics.help",
  "builtin.doh_canary": "trait.doh_canary.help",
  "builtin.private_relay": "trait.private_relay.help",
  "builtin.discovery": "trait.discovery.help",
  "builtin.rebinding": "trait.rebinding.help",
  "blocking.mode": "trait.mode.help",
  "blocking.ttl": "trait.ttl.help",
};

const WORDS: Readonly<Record<string, Key>> = {
  "lists all": "trait.all_lists",
  "upstream default": "trait.usual_upstreams",
  "rate_limit 0": "trait.no_limit",
  "client_subnet off": "trait.tells_nothing",
  "privacy full": "trait.privacy.full",
  "privacy no_names": "trait.privacy.no_names",
  "privacy nothing": "trait.privacy.nothing",
  "blocking.mode null_ip": "trait.mode.null_ip",
  "blocking.mode default": "trait.mode.default",
  "blocking.mode nxdomain": "trait.mode.nxdomain",
  "blocking.mode nodata": "trait.mode.nodata",
  "blocking.mode refused": "trait.mode.refused",
  "blocking.mode custom_ip": "trait.mode.custom_ip",
  "safe_search.youtube off": "safe_search.off",
  "safe_search.youtube moderate": "safe_search.moderate",
  "safe_search.youtube strict": "safe_search.strict",
  "categories malware": "trait.malware",
  "categories adult": "trait.adult",
};

const ENGINES: Readonly<Record<string, string>> = { duckduckgo: "DuckDuckGo", youtube: "YouTube" };

/** A trait in words; one that has none yet is called by its key. */
export function traitName(path: string): string {
  const key = NAMES[path];
  if (key) return t(key);
  const [section, engine = ""] = path.split(".");
  if (section !== "safe_search") return path;
  const name = ENGINES[engine] ?? engine.charAt(0).toUpperCase() + engine.slice(1);
  return t("trait.safe_search", { name });
}

/** What it does, in a sentence; "" where the name says it. */
export function traitHelp(path: string): string {
  const key = HELP[path];
  return key ? t(key) : "";
}

/** One word of those that a trait takes. */
export function wordOf(path: string, word: string): string {
  const key = WORDS[`${path} ${word}`];
  return key ? t(key) : word;
}

/** The value of a trait in words. `called` says how people call what is in a list, such as services. */
export function valueText(
  path: string,
  value: unknown,
  called: (word: string) => string = (word) => word,
): string {
  if (value == null) return t("trait.nothing");
  if (typeof value === "boolean") return t(value ? "trait.yes" : "trait.no");
  if (Array.isArray(value)) {
    if (value.length === 0) return t("trait.nothing");
    return value
      .map((each) => (typeof each === "string" ? oneText(path, each, called) : "…"))
      .join(", ");
  }
  if (typeof value === "object") return JSON.stringify(value);
  return wordOf(path, String(value));
}

function oneText(path: string, word: string, called: (word: string) => string): string {
  if (path !== "services") return wordOf(path, word);
  return word.startsWith(GROUP) ? nameOf(word.slice(GROUP.length)) : called(word);
}
