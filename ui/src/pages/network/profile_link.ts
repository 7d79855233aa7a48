// The link by which a phone fetches its profile from this server, without signing in.

import { isLoopback } from "../../parts/loopback";

interface Wanted {
  readonly name: string;
  readonly client_id: string;
}

/** The link, below the address `base` that this page has. */
export function profileLink(base: string, { name, client_id }: Wanted, protocol: string): string {
  const link = new URL("profile.mobileconfig", base);
  link.searchParams.set("name", name);
  if (client_id) link.searchParams.set("client_id", client_id);
  link.searchParams.set("protocol", protocol);
  return link.href;
}

/** Whether another device could follow it: an address of this machine alone leads to itself there. */
export function isReachable(link: string): boolean {
  return !isLoopback(new URL(link).hostname);
}
