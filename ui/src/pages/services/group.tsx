// Services of one kind, each with its switch, and one for all of them.

import { Foreign } from "../../parts/foreign";
import { GROUP, nameOf } from "../../parts/service_groups";
import type { Schemas } from "../../server/api";
import { t, translated, translatedName } from "../../words/words";
import { Icon } from "./icon";

type Service = Schemas["Service"];

interface Given {
  readonly group: Schemas["ServiceGroup"];
  readonly services: readonly Service[];
  /** Whether each is shown; else how many there are, which a click opens. */
  readonly isOpen: boolean;
  readonly mayNot: boolean;
  readonly set: (id: string, blocked: boolean) => void;
}

export function Group({ group, services, isOpen, mayNot, set }: Given) {
  if (services.length === 0) return null;
  const blocked = services.filter((each) => each.blocked).length;
  return (
    <fieldset class="service-group" data-group={group.name}>
      <legend>
        <h2>{nameOf(group.name)}</h2>
      </legend>
      <label class="check all">
        <input
          type="checkbox"
          checked={group.blocked}
          disabled={mayNot || group.held_by !== ""}
          onChange={(event) => set(GROUP + group.name, event.currentTarget.checked)}
        />
        {t("services.all_of_it")}
      </label>
      {group.held_by && <Held where={group.held_by} />}
      <details open={isOpen}>
        <summary>
          {t("services.in_group", { count: services.length })}
          {blocked > 0 && ` · ${t("services.blocked_of_it", { count: blocked })}`}
        </summary>
        <ul class="service-list">
          {services.map((service) => (
            <One key={service.id} service={service} mayNot={mayNot} set={set} />
          ))}
        </ul>
      </details>
    </fieldset>
  );
}

interface OneGiven {
  readonly service: Service;
  readonly mayNot: boolean;
  readonly set: Given["set"];
}

function One({ service, mayNot, set }: OneGiven) {
  const { id, name, group, blocked, by_group, held_by } = service;
  return (
    <li class={blocked ? "service blocked" : "service"}>
      <label>
        <Icon name={name} group={group} />
        <span class="about">
          {translatedName(name)}
          <span class="quiet">
            {by_group ? t("services.by_group") : blocked ? t("services.is_blocked") : ""}
          </span>
        </span>
        <input
          type="checkbox"
          class="toggle"
          checked={blocked}
          disabled={mayNot || by_group || held_by !== ""}
          onChange={(event) => set(id, event.currentTarget.checked)}
        />
      </label>
      {held_by && <Held where={held_by} />}
    </li>
  );
}

export function Held({ where }: { where: string }) {
  return (
    <span class="quiet small">
      <Foreign text={t("held_by", { where: translated(where) })} />
    </span>
  );
}
