// Any number of words out of many, each with a box to tick.

import { t } from "../../words/words";

interface TicksGiven {
  readonly id: string;
  readonly label: string;
  readonly words: readonly (readonly [string, string])[];
  readonly value: unknown;
  readonly disabled: boolean;
  readonly set: (chosen: readonly string[]) => void;
}

/** Each is called as people do; those that it does not know stay. */
export function Ticks({ id, label, words, value, disabled, set }: TicksGiven) {
  const chosen = (value ?? []) as readonly string[];
  const known = new Set(words.map(([word]) => word));
  const all = [
    ...words,
    ...chosen.filter((word) => !known.has(word)).map((word) => [word, word] as const),
  ];
  if (disabled) {
    const names = all.filter(([word]) => chosen.includes(word)).map(([, name]) => name);
    return <p>{names.join(", ") || t("trait.nothing")}</p>;
  }
  return (
    <fieldset id={id} class="words ticks" aria-label={label}>
      {all.map(([word, name]) => (
        <Tick key={word} word={word} name={name} chosen={chosen} set={set} />
      ))}
    </fieldset>
  );
}

interface TickGiven {
  readonly word: string;
  readonly name: string;
  readonly chosen: readonly string[];
  /** Whether it counts with another one, and so can't be chosen by itself. */
  readonly isWithin?: boolean;
  readonly set: (chosen: readonly string[]) => void;
}

export function Tick({ word, name, chosen, isWithin = false, set }: TickGiven) {
  return (
    <label class="check">
      <input
        type="checkbox"
        checked={isWithin || chosen.includes(word)}
        disabled={isWithin}
        onChange={(event) =>
          set(
            event.currentTarget.checked
              ? [...chosen, word]
              : chosen.filter((each) => each !== word),
          )
        }
      />
      {name}
    </label>
  );
}
