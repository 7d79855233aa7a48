// Services to be ticked one by one, or all of a group.

import { useRef } from "preact/hooks";
import { t } from "../../words/words";
import { GROUP, nameOf } from "../service_groups";
import type { Known } from "./known";
import { valueText } from "./naming";
import { kindsOf, othersOf } from "./service_kinds";
import { Tick } from "./ticks";

interface Given {
  readonly id: string;
  readonly label: string;
  readonly known: Known;
  readonly chosen: readonly string[];
  readonly set: (chosen: readonly string[]) => void;
}

export function ServiceTicks({ id, label, known: { services, called }, chosen, set }: Given) {
  const atFirst = useRef(chosen).current; // what is ticked now stays in its place
  const kinds = kindsOf(services, atFirst);
  const others = othersOf(kinds, chosen);
  return (
    <fieldset id={id} class="ticks by-group" aria-label={label}>
      {others.length > 0 && (
        <div class="words">
          {others.map((word) => (
            <Tick
              key={word}
              word={word}
              name={valueText("services", [word], called)}
              chosen={chosen}
              set={set}
            />
          ))}
        </div>
      )}
      {kinds.map((kind) => {
        const whole = GROUP + kind.name;
        const isWhole = chosen.includes(whole);
        return (
          <fieldset key={kind.name}>
            <legend>{nameOf(kind.name)}</legend>
            <div class="words">
              <Tick word={whole} name={t("services.all_of_it")} chosen={chosen} set={set} />
              {kind.services.map((service) => (
                <Tick
                  key={service.id}
                  word={service.id}
                  name={called(service.id)}
                  chosen={chosen}
                  isWithin={isWhole}
                  set={set}
                />
              ))}
            </div>
          </fieldset>
        );
      })}
    </fieldset>
  );
}
