// Light or dark: as the system has it, unless somebody chose for this browser.

import { signal } from "@preact/signals";
import { keep, kept } from "./kept";

export const SCHEMES = ["system", "light", "dark"] as const;
export type Scheme = (typeof SCHEMES)[number];

const KEPT_AS = "sinkhole.scheme";

export const scheme = signal<Scheme>("system");

/** Show the page as was chosen here before. */
export function colour(): void {
  show(SCHEMES.find((each) => each === kept(KEPT_AS)) ?? "system");
}

/** Show it so from now on. */
export function choose(wanted: Scheme): void {
  show(wanted);
  keep(KEPT_AS, wanted);
}

function show(wanted: Scheme): void {
  if (wanted === "system") delete document.documentElement.dataset.scheme;
  else document.documentElement.dataset.scheme = wanted;
  scheme.value = wanted;
}
