// What becomes of a query, as the log says it, in the words that people choose by.

import { isKey, t } from "../words/words";

/** Outcomes by the verdicts that people choose by; the others are called as they are. */
const VERDICTS: Readonly<Record<string, string>> = {
  blocked_answer: "blocked",
  stale: "cached",
  rewritten: "local",
  malformed: "refused",
};

/** An outcome such as "blocked_answer" in words; itself where there are none. */
export function outcomeWord(outcome: string): string {
  const key = `verdict.${VERDICTS[outcome] ?? outcome}`;
  return isKey(key) ? t(key) : outcome;
}
