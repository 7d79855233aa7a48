// What somebody changed, laid over what somebody else has saved meanwhile: field by field, so that
// saving the one keeps the other.

import { type Said, type Turn, turnsOf } from "./traits";

/** Changes that are not saved yet: what was there when they were begun, and what it is to be. */
export interface Draft {
  readonly base: Said;
  readonly mine: Said;
}

/** What an item says with the changes of a draft, over what it says `now`. */
export const saidWith = (draft: Draft | null, now: Said): Said =>
  draft ? laidOver(draft.base, draft.mine, now) : now;

/**
 * `now` with all in which `mine` differs from `base`. Where both changed the same field it is as in
 * `mine`; lists of words, such as services, have what was added and lack what was removed by either.
 */
export function laidOver(base: Said, mine: Said, now: Said): Said {
  const keys = new Set([...Object.keys(now), ...Object.keys(mine)]);
  const laid = [...keys].map((key): [string, unknown] => [
    key,
    key === "schedules"
      ? turnsLaid(base, mine, now)
      : fieldLaid(base[key] ?? undefined, mine[key] ?? undefined, now[key] ?? undefined),
  ]);
  return Object.fromEntries(laid.filter(([, value]) => value !== undefined));
}

function fieldLaid(base: unknown, mine: unknown, now: unknown): unknown {
  if (isSame(mine, base) || isSame(mine, now)) return now;
  if (isSame(now, base)) return mine;
  const all = [base, mine, now];
  if (all.every((each) => each === undefined || isSection(each))) {
    const [first = {}, second = {}, third = {}] = all as (Said | undefined)[];
    const laid = laidOver(first, second, third);
    return Object.keys(laid).length > 0 ? laid : undefined;
  }
  return all.every(isWords) ? wordsLaid(base as Words, mine as Words, now as Words) : mine;
}

type Words = readonly string[];

const isSame = (one: unknown, other: unknown): boolean =>
  JSON.stringify(one) === JSON.stringify(other);
const isSection = (value: unknown): boolean => typeof value === "object" && !Array.isArray(value);
const isWords = (value: unknown): boolean =>
  Array.isArray(value) && value.every((each) => typeof each === "string");

function wordsLaid(base: Words, mine: Words, now: Words): Words {
  const added = mine.filter((word) => !base.includes(word) && !now.includes(word));
  const kept = now.filter((word) => mine.includes(word) || !base.includes(word));
  return [...kept, ...added];
}

/** What is different at certain hours is one field for each schedule, each with fields of its own. */
function turnsLaid(base: Said, mine: Said, now: Said): readonly Turn[] | undefined {
  const [before, wanted, there] = [turnsOf(base), turnsOf(mine), turnsOf(now)];
  if (isSame(wanted, before) || isSame(wanted, there)) return now.schedules as Turns | undefined;
  if (isSame(there, before)) return mine.schedules as Turns | undefined;
  const laid = namesInOrder(before, wanted, there).flatMap((when): Turn[] => {
    const [first, second, third] = [before, wanted, there].map((turns) => turnOf(turns, when));
    if (!second) return third && !first ? [third] : []; // removed by me, or made by another
    if (!third && first && isSame(first, second)) return []; // removed by another
    return [laidOver(first ?? {}, second, third ?? { when: second.when }) as Turn];
  });
  return laid.length > 0 ? laid : undefined;
}

type Turns = readonly Turn[];

const turnOf = (turns: Turns, when: string): Turn | undefined =>
  turns.find((each) => each.when === when);

/** A later one wins, so the order counts: it is mine where I changed it, else as it is now. */
function namesInOrder(base: Turns, mine: Turns, now: Turns): Words {
  const [before, wanted, there] = [namesOf(base), namesOf(mine), namesOf(now)];
  const both = (names: Words, others: Words) => names.filter((each) => others.includes(each));
  const isMoved = !isSame(both(before, wanted), both(wanted, before));
  return [...new Set(isMoved ? [...wanted, ...there] : [...there, ...wanted])];
}

const namesOf = (turns: Turns): Words => turns.map(({ when }) => when);
