// What changes of the settings come to, place by place.

import type { Schemas } from "../server/api";
import { t } from "../words/words";
import { Foreign } from "./foreign";

/** Each place as it was and as it becomes, and what of it waits for a restart. */
export function Differences({
  result: { differences, waits },
}: {
  result: Schemas["ChangeResult"];
}) {
  return (
    <>
      <ul class="rules">
        {differences.map(({ key, item, before, after }) => (
          <li key={`${key} ${item}`}>
            <span>
              <Foreign text={item ? `${key} ${item}` : key} look="rule" />:{" "}
              <del>
                <Foreign text={shown(before)} />
              </del>{" "}
              → <Foreign text={shown(after)} look="isolated strong" />
            </span>
          </li>
        ))}
      </ul>
      {waits.length > 0 && (
        <p class="quiet">
          {t("settings.waits")} <Foreign text={waits.join(", ")} />
        </p>
      )}
    </>
  );
}

const shown = (value: unknown): string =>
  value == null ? t("settings.nothing") : typeof value === "string" ? value : JSON.stringify(value);
