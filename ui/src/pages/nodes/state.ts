// How a node does, in a word and a tone.

import type { Node } from "../../server/nodes";
import { span } from "../../words/format";
import { t } from "../../words/words";

export type Tone = "fine" | "trouble" | "off";

export function toneOf({ state, health, drained }: Node): Tone {
  if (state === "unknown") return "off";
  if (state === "away" || health !== "ok") return "trouble";
  return drained ? "off" : "fine";
}

export function stateOf({ state, health, drained, silent_s }: Node): string {
  if (state === "unknown") return t("nodes.unknown");
  if (state === "away") return t("nodes.away", { time: span(silent_s) });
  if (drained) return t(health === "failing" ? "nodes.is.failing" : "nodes.drained");
  return t(`nodes.is.${health}`);
}

/** What was asked of it and is not so yet; "" for nothing. */
export function wishOf({ wants_drain, drained, state }: Node): string {
  if (wants_drain === null || wants_drain === drained || state !== "up") return "";
  return t(wants_drain ? "nodes.will_drain" : "nodes.will_be_asked");
}

/** The version that most have; who has another is marked. */
export function usualVersion(nodes: readonly Node[]): string {
  const times = new Map<string, number>();
  for (const { version } of nodes) times.set(version, (times.get(version) ?? 0) + 1);
  const [first] = [...times].sort(([, one], [, other]) => other - one);
  return first?.[0] ?? "";
}

/** Where its page is for who looks at this one; "" for this very one, and where it leads nowhere. */
export function pageOf({ own, web }: Node, here: string): string {
  if (own || !URL.canParse(web)) return "";
  const { hostname, protocol } = new URL(web);
  if (!/^https?:$/.test(protocol)) return ""; // a link of another kind could be a program
  const isNowhere = isOfItself(hostname) && !isOfItself(here);
  return isNowhere ? "" : web;
}

const isOfItself = (host: string): boolean =>
  /^(localhost|127(\.\d+){3}|0\.0\.0\.0|\[::1?\])$/.test(host);

export const shareOf = ({ queries, blocked }: Node): number =>
  queries ? (100 * blocked) / queries : -1;
