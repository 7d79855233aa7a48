// What groups of services are called, and in which order they are shown.

import { type Key, t } from "../words/words";

/** A whole group among blocked services is written with this before its name. */
export const GROUP = "group:";

/** What families ask about comes first. */
const NAMES: Readonly<Record<string, Key>> = {
  social_network: "services.group.social_network",
  streaming: "services.group.streaming",
  gaming: "services.group.gaming",
  messenger: "services.group.messenger",
  music: "services.group.music",
  ai: "services.group.ai",
  shopping: "services.group.shopping",
  dating: "services.group.dating",
  gambling: "services.group.gambling",
  adult: "services.group.adult",
  cloud: "services.group.cloud",
  software: "services.group.software",
  privacy: "services.group.privacy",
  hosting: "services.group.hosting",
};

/** What a group is called, in the reader's language where it is known. */
export function nameOf(group: string): string {
  const key = NAMES[group];
  return key ? t(key) : group;
}

/** The groups in that order, those that it does not know behind. */
export function inOrder<G extends { readonly name: string }>(groups: readonly G[]): readonly G[] {
  const known = Object.keys(NAMES);
  const place = ({ name }: G) => (known.includes(name) ? known.indexOf(name) : known.length);
  return groups.toSorted((one, other) => place(one) - place(other));
}
