// What is wrong with the lines of the editor: as the server says, and what only a person would see.

import { useSignal } from "@preact/signals";
import { TYPING_MS, useAsked } from "../../parts/asked";
import { api, type Schemas, told } from "../../server/api";
import { visible } from "../../words/format";
import { t } from "../../words/words";
import { type Changes, isComment, linesOf, repeated } from "./changes";

type Checked = Schemas["CheckedLine"];

export const MOST_AT_ONCE = 1000;

export interface Complaint {
  /** From 0. */
  readonly line: number;
  readonly text: string;
  /** Whether the line can't be saved. */
  readonly stops: boolean;
}

export interface Checking {
  readonly complaints: readonly Complaint[];
  /** What a line does, as far as it is known. */
  readonly does: (line: string) => Checked["does"] | undefined;
  /** Whether every new line has been looked at, and can be saved. */
  readonly isFine: boolean;
  readonly trouble: string;
}

/** Has the new lines looked at while they are typed; the stored ones are known. */
export function useChecking(
  text: string,
  { add }: Changes,
  stored: readonly Schemas["OwnRule"][],
): Checking {
  const known = useSignal<ReadonlyMap<string, Checked>>(new Map());
  const unknown = add.filter((rule) => !known.value.has(rule)).slice(0, MOST_AT_ONCE);
  const { trouble } = useAsked(
    unknown.length > 0 ? { rules: unknown } : null,
    async (body, signal) => {
      const { rules } = await told(api.POST("/rules/check", { body, signal }));
      known.value = new Map([...known.value, ...rules.map((each) => [each.rule, each] as const)]);
      return rules;
    },
    TYPING_MS,
  );
  const there = new Map(stored.map((each) => [each.rule, each]));
  const lines = linesOf(text);
  const twice = repeated(lines);
  const complaints = lines.flatMap((line, index): Complaint[] => {
    const wrong = known.value.get(line)?.complaint || there.get(line)?.complaint || "";
    if (line === "") return [];
    if (isComment(line)) return [{ line: index, text: t("rules.comment"), stops: false }];
    if (wrong) return [{ line: index, text: wrong, stops: !there.has(line) }];
    if (visible(line) !== line)
      return [{ line: index, text: t("rules.unseen", { rule: visible(line) }), stops: false }];
    return twice.has(index) ? [{ line: index, text: t("rules.twice"), stops: false }] : [];
  });
  const isKnown = add.every((rule) => known.value.has(rule));
  return {
    complaints,
    does: (line) => known.value.get(line)?.does ?? there.get(line)?.does,
    isFine: isKnown && !complaints.some(({ stops }) => stops),
    trouble: trouble.value,
  };
}
