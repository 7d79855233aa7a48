// What is wrong with the house, each with what is done about it: for the overview, and counted for
// every other page.

import type { Schemas } from "../../server/api";
import { t, translated } from "../../words/words";
import { accept, fetchAgain, type Remedy, remedyOf } from "./remedies";

export interface Trouble {
  readonly severity: string;
  readonly text: string;
  readonly advice: string;
  readonly remedy: Remedy | null;
}

/** Where it is told. */
export interface House {
  readonly status: Pick<Schemas["Status"], "problems">;
  readonly lists: Pick<Schemas["Lists"], "lists">;
}

const NO_UPSTREAM = "upstreams.down";
const NO_ADDRESS = "upstreams.unfound";

/** What is wrong; while no upstream answers, what comes of that is left out: it would be one cause
 *  told several times. */
export function troublesOf({ status: { problems }, lists }: House): Trouble[] {
  const isCutOff = problems.some(({ code }) => code === NO_UPSTREAM);
  const told = problems.filter(({ code }) => !isCutOff || code !== NO_ADDRESS);
  return [
    ...told.map(({ severity, text, advice, is_in_text, code }) => ({
      severity,
      text: translated(text),
      advice: is_in_text ? "" : translated(advice),
      remedy: remedyOf({ code }),
    })),
    ...lists.lists.flatMap((list) => ofList(list, isCutOff)),
  ];
}

function ofList(
  { name, state, error, quarantine }: Schemas["ListInfo"],
  isCutOff: boolean,
): Trouble[] {
  const found: Trouble[] = [];
  const severity = "warning";
  if (state === "failed" && !isCutOff) {
    const text = t("lists.away", { name, error: translated(error ?? "") });
    found.push({ severity, text, advice: "", remedy: fetchAgain(name) });
  }
  if (quarantine) {
    const text = t("lists.held_of", { name, reason: translated(quarantine.reason) });
    found.push({ severity, text, advice: "", remedy: accept(name) });
  }
  return found;
}
