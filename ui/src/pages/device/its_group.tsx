// The group that it is in, and another one for it.

import { addressOf } from "../../address";
import { Trouble, useDeed } from "../../parts/deed";
import { Foreign } from "../../parts/foreign";
import { groupOf, type Item, itemOf, type Known, saidBy } from "../../parts/policy/known";
import { DEFAULT, moveTo } from "../../parts/policy/moving";
import { may } from "../../server/reach";
import { t } from "../../words/words";
import type { Subject } from "./subject";

interface Given {
  readonly subject: Subject;
  readonly known: Known;
  readonly onChanged: () => void;
}

export function ItsGroup({ subject: { client, devices }, known, onChanged }: Given) {
  const written = client ? groupOf(saidBy(client)) : (devices[0]?.group ?? DEFAULT);
  const group = itemOf(known.groups, written)?.name ?? DEFAULT;
  const address = addressOf("group", {}, group);
  return (
    <section aria-labelledby="its-group-title">
      <h2 id="its-group-title">{t("trait.group")}</h2>
      {client && may("settings:write") ? (
        <>
          <Chooser client={client} group={group} known={known} onChanged={onChanged} />
          <a href={address}>{t("device.what_group_says")}</a>
        </>
      ) : (
        <p>
          <a href={address}>
            {group === DEFAULT ? t("groups.everybody_else") : <Foreign text={group} />}
          </a>
        </p>
      )}
    </section>
  );
}

interface ChooserGiven {
  readonly client: Item;
  readonly group: string;
  readonly known: Known;
  readonly onChanged: () => void;
}

function Chooser({ client, group, known, onChanged }: ChooserGiven) {
  const deed = useDeed(onChanged);
  const names = known.groups.map(({ name }) => name).filter((each) => each !== DEFAULT);
  return (
    <>
      <select
        id="client-group"
        aria-labelledby="its-group-title"
        value={group}
        disabled={client.locked !== "" || deed.isBusy.value}
        onChange={(event) => {
          const wanted = event.currentTarget.value;
          deed.run(() => moveTo(client.name, wanted));
        }}
      >
        <option value={DEFAULT}>{t("groups.everybody_else")}</option>
        {names.map((name) => (
          <option key={name}>{name}</option>
        ))}
      </select>
      <Trouble deed={deed} />
    </>
  );
}
