// What is different for a group or a client while a schedule is open: several of these, and a later one
// wins over an earlier one.

import { addressOf } from "../../address";
import { t } from "../../words/words";
import { Foreign } from "../foreign";
import { Editor, type EditorGiven } from "./editor";
import { type Said, saying, type Turn, turnsOf } from "./traits";

export function Turns(given: EditorGiven) {
  const { id, said, known, disabled, onChange } = given;
  const turns = turnsOf(said);
  const set = (wanted: readonly Said[]) =>
    onChange(saying(said, "schedules", wanted.length > 0 ? wanted : undefined));
  const free = known.schedules.filter(({ name }) => turns.every(({ when }) => when !== name));
  return (
    <section aria-labelledby={`${id}-turns`}>
      <h3 id={`${id}-turns`}>{t("policy.turns")}</h3>
      <p class="quiet">{t("policy.turns.about")}</p>
      {known.schedules.length === 0 && (
        <p>
          <a href={addressOf("schedules")}>{t("policy.make_schedule")}</a>
        </p>
      )}
      {turns.map((turn, index) => (
        <OneTurn
          key={turn.when}
          {...given}
          turn={turn}
          isFirst={index === 0}
          set={(wanted) =>
            set(turns.flatMap((each, at) => (at !== index ? [each] : wanted ? [wanted] : [])))
          }
          raise={() => set(swapped(turns, index))}
        />
      ))}
      {!disabled && free.length > 0 && (
        <select
          aria-label={t("policy.add_turn")}
          value=""
          onChange={(event) => set([...turns, { when: event.currentTarget.value }])}
        >
          <option value="">{t("policy.add_turn")}</option>
          {free.map(({ name }) => (
            <option key={name}>{name}</option>
          ))}
        </select>
      )}
    </section>
  );
}

type TurnGiven = EditorGiven & {
  readonly turn: Turn;
  readonly isFirst: boolean;
  readonly set: (turn: Said | null) => void;
  readonly raise: () => void;
};

function OneTurn({ turn, isFirst, set, raise, ...given }: TurnGiven) {
  return (
    <div class="turn">
      <div class="card-head">
        <strong>
          <Foreign text={turn.when} />
        </strong>
        {!given.disabled && (
          <span class="choices">
            {!isFirst && (
              <button
                type="button"
                onClick={raise}
                aria-label={t("policy.earlier_of", { name: turn.when })}
              >
                {t("policy.earlier")}
              </button>
            )}
            <button
              type="button"
              onClick={() => set(null)}
              aria-label={t("policy.remove_of", { name: turn.when })}
            >
              {t("policy.remove")}
            </button>
          </span>
        )}
      </div>
      <Editor
        {...given}
        id={`${given.id}-${turn.when}`}
        said={turn}
        belowName="policy.as_usual"
        onChange={set}
      />
    </div>
  );
}

function swapped(turns: readonly Turn[], index: number): readonly Turn[] {
  const [one, other] = [turns[index - 1], turns[index]];
  if (!one || !other) return turns;
  return [...turns.slice(0, index - 1), other, one, ...turns.slice(index + 1)];
}
