// One group: who is in it, what applies to them, and when; renamed, removed.

import { signal } from "@preact/signals";
import { useMemo } from "preact/hooks";
import { addressOf, place } from "../../address";
import { Foreign, Translated } from "../../parts/foreign";
import { Editor } from "../../parts/policy/editor";
import { Rename } from "../../parts/policy/handling";
import { itemOf, type Known, saidBy, useKnown } from "../../parts/policy/known";
import { type Draft, saidWith } from "../../parts/policy/laid_over";
import { RemovalWithUses } from "../../parts/policy/removal";
import { Saving } from "../../parts/policy/saving";
import { ofHousehold, type Said } from "../../parts/policy/traits";
import { Turns } from "../../parts/policy/turns";
import { LastChange } from "../../parts/policy/undo";
import { api, told } from "../../server/api";
import { may } from "../../server/reach";
import { T } from "../../words/rich";
import { t } from "../../words/words";
import { Members } from "./members";
import "./groups.css";

export default function Group() {
  const polled = useKnown();
  const name = place.value.item;
  const found = polled.last.value;
  return (
    <>
      <LastChange onUndone={polled.now} />
      {found && <OneGroup key={name} name={name} known={found} onChanged={polled.now} />}
    </>
  );
}

interface Given {
  readonly name: string;
  readonly known: Known;
  readonly onChanged: () => Promise<void>;
}

function OneGroup({ name, known, onChanged }: Given) {
  const item = itemOf(known.groups, name);
  const draft = useMemo(() => signal<Draft | null>(null), []);
  const isNew = !item && place.value.query.has("new");
  const isNobody = !item && !isNew && name !== "default";
  if (isNobody) return <p class="card">{t("groups.none_such")}</p>;
  const stored: Said = item ? saidBy(item) : { name };
  const drafted = draft.value;
  const said = saidWith(drafted, stored);
  const isLocked = Boolean(item?.locked) || !may("settings:write");
  const isDifferent = isNew || JSON.stringify(said) !== JSON.stringify(stored);
  const editor = {
    id: "group",
    said,
    known,
    below: (path: string) => ofHousehold(known.settings, path),
    belowName: "policy.as_household" as const,
    disabled: isLocked,
    onChange: (wanted: Said) => {
      draft.value = { base: stored, mine: wanted };
    },
  };
  return (
    <>
      <section class="card" aria-labelledby="group-title">
        <div class="card-head">
          <h1 id="group-title">
            {name === "default" ? t("groups.everybody_else") : <Foreign text={name} />}
          </h1>
          <a href={addressOf("groups")}>{t("groups.all")}</a>
        </div>
        {item?.locked && (
          <p class="notice">
            <T k="policy.held" values={{ where: <Translated text={item.locked} /> }} />
          </p>
        )}
        <Members
          known={known}
          name={item?.name ?? name}
          isThere={item !== undefined || name === "default"}
          onChanged={onChanged}
        />
        {item && !isLocked && <Handling name={item.name} known={known} onChanged={onChanged} />}
      </section>
      <section class="card" aria-labelledby="applies-title">
        <div class="card-head">
          <h2 id="applies-title">{t("policy.what_applies")}</h2>
        </div>
        <Editor {...editor} />
        <Turns {...editor} />
      </section>
      {isDifferent && !isLocked && (
        <Saving
          changes={[{ key: "groups", item: name, action: "set", value: said }]}
          revision={known.revision}
          onOld={onChanged}
          done={t("groups.saved", { name })}
          called={known.called}
          onSaved={async () => {
            await onChanged();
            if (draft.value === drafted) draft.value = null;
            if (isNew) location.replace(addressOf("group", {}, name));
          }}
          onDiscard={() => {
            draft.value = null;
            if (isNew) location.hash = addressOf("groups");
          }}
        />
      )}
    </>
  );
}

/** Whoever is in no group is always there: what is said for them can go, their name stays. */
function Handling({ name, known, onChanged }: Given) {
  const params = { path: { name } };
  return (
    <div class="choices">
      {name !== "default" && (
        <Rename
          name={name}
          rename={(other) =>
            told(
              api.POST("/groups/{name}/rename", {
                params,
                body: { to: other, dry_run: false },
              }),
            )
          }
          onRenamed={(other) => {
            location.replace(addressOf("group", {}, other));
            onChanged();
          }}
        />
      )}
      <RemovalWithUses
        known={known}
        used="groups"
        name={name}
        label={t("groups.remove")}
        remove={() => told(api.DELETE("/groups/{name}", { params }))}
        onRemoved={() => {
          location.hash = addressOf("groups");
          onChanged();
        }}
        onOld={onChanged}
      />
    </div>
  );
}
