// Well-known public resolvers, with what they say of themselves. Their addresses are those that they
// publish; what they keep is their word, which nobody outside can check.

import type { Key } from "../words/words";

const SCHEMES = { HTTPS: "https", "HTTP/3": "h3", TLS: "tls", QUIC: "quic" } as const;

type Transport = keyof typeof SCHEMES;

export interface Way {
  readonly over: Transport;
  /** As `upstream.servers` takes it. */
  readonly url: string;
}

export interface Resolver {
  readonly name: string;
  /** Who runs it, what is kept of the questions, and what it refuses by itself. */
  readonly words: Key;
  /** The ways to it, the best first. */
  readonly ways: readonly [Way, ...Way[]];
  /** Whether the first run shows it, where few are easier to choose among. */
  readonly isSuggested: boolean;
}

const way = (over: Transport, host: string): Way => ({ over, url: `${SCHEMES[over]}://${host}` });
const both = (host: string) => [way("HTTPS", host), way("TLS", host)] as const;

export const RESOLVERS: readonly Resolver[] = [
  { name: "Quad9", words: "resolver.quad9", ways: both("dns.quad9.net"), isSuggested: true },
  { name: "Mullvad", words: "resolver.mullvad", ways: both("dns.mullvad.net"), isSuggested: true },
  {
    name: "Digitale Gesellschaft",
    words: "resolver.digiges",
    ways: both("dns.digitale-gesellschaft.ch"),
    isSuggested: false,
  },
  {
    name: "DNS4EU",
    words: "resolver.dns4eu",
    ways: both("unfiltered.joindns4.eu"),
    isSuggested: true,
  },
  {
    name: "AdGuard DNS",
    words: "resolver.adguard",
    ways: [...both("unfiltered.adguard-dns.com"), way("QUIC", "unfiltered.adguard-dns.com")],
    isSuggested: false,
  },
  {
    name: "Cloudflare",
    words: "resolver.cloudflare",
    ways: [
      way("HTTPS", "cloudflare-dns.com"),
      way("HTTP/3", "cloudflare-dns.com"),
      way("TLS", "one.one.one.one"),
    ],
    isSuggested: true,
  },
  { name: "Google", words: "resolver.google", ways: both("dns.google"), isSuggested: false },
];

/** What the first run takes of one: the same names asked in two ways, should a network close one. */
export function serversOf({ ways }: Resolver): readonly string[] {
  return ways.filter(({ over }) => over === "HTTPS" || over === "TLS").map(({ url }) => url);
}

/** The server of an item of `upstream.servers`, which may have a timeout beside it. */
export function serverOf(item: unknown): string {
  if (typeof item === "string") return item;
  return String((item as { url?: unknown } | null)?.url ?? "");
}

/** Whether servers in force are those of a choice, whichever way they are written. */
export function isChosen(inForce: readonly unknown[], servers: readonly string[]): boolean {
  const bare = (server: string) => server.replace(/\/dns-query$/, "");
  const [there, wanted] = [inForce.map(serverOf), servers].map((each) => each.map(bare).sort());
  return there?.join(" ") === wanted?.join(" ");
}
