// Who is in a group: put into it, and taken out of it.

import { addressOf } from "../../address";
import { Trouble, useDeed } from "../../parts/deed";
import { Foreign } from "../../parts/foreign";
import { groupOf, type Item, type Known, saidBy } from "../../parts/policy/known";
import { DEFAULT, moveTo } from "../../parts/policy/moving";
import { may } from "../../server/reach";
import { visible } from "../../words/format";
import { t } from "../../words/words";
import { membersOf } from "./members_of";

interface Given {
  readonly known: Known;
  readonly name: string;
  /** Whether the settings have it, as only then somebody can be in it. */
  readonly isThere: boolean;
  readonly onChanged: () => void;
}

export function Members({ known, name, isThere, onChanged }: Given) {
  const deed = useDeed(onChanged);
  const members = membersOf(known, name);
  const others = known.clients.filter((each) => !members.includes(each) && !each.locked);
  const mayMove = may("settings:write") && isThere;
  const move = (client: Item, group: string) => deed.run(() => moveTo(client.name, group));
  return (
    <section class="members" aria-labelledby="members-title">
      <h2 id="members-title">{t("groups.members")}</h2>
      {members.length === 0 && <p class="quiet">{t("trait.nothing")}</p>}
      <ul>
        {members.map((each) => (
          <li key={each.name}>
            <a href={addressOf("device", {}, each.name)}>
              <Foreign text={each.name} />
            </a>
            {mayMove && !each.locked && name !== DEFAULT && (
              <button
                type="button"
                disabled={deed.isBusy.value}
                title={t("groups.take_out")}
                aria-label={t("groups.take_out_of", { name: each.name })}
                onClick={() => move(each, DEFAULT)}
              >
                <span aria-hidden="true">✕</span>
              </button>
            )}
          </li>
        ))}
      </ul>
      {mayMove && others.length > 0 && (
        <select
          aria-label={t("groups.put_in")}
          value=""
          disabled={deed.isBusy.value}
          onChange={(event) => {
            const wanted = event.currentTarget.value;
            event.currentTarget.value = "";
            const client = others.find((each) => each.name === wanted);
            if (client) move(client, name);
          }}
        >
          <option value="">{t("groups.put_in")}</option>
          {others.map((each) => (
            <option key={each.name} value={each.name}>
              {optionText(each)}
            </option>
          ))}
        </select>
      )}
      <Trouble deed={deed} />
      {mayMove && (
        <p class="quiet small">
          {t("groups.unnamed")} <a href={addressOf("devices")}>{t("device.all")}</a>
        </p>
      )}
    </section>
  );
}

/** Who it is, and where it is taken from. */
function optionText(client: Item): string {
  const group = groupOf(saidBy(client));
  const where = group === DEFAULT ? "" : t("groups.is_in", { group });
  return visible(`${client.name}${where && ` (${where})`}`);
}
