// What the settings say of a client: its name, what it is known by, and what applies to it alone.

import { signal } from "@preact/signals";
import { useMemo } from "preact/hooks";
import { addressOf } from "../../address";
import { Choices, Control } from "../../parts/control";
import { Translated } from "../../parts/foreign";
import type { Accepts } from "../../parts/kind";
import { Editor } from "../../parts/policy/editor";
import { Removal, Rename } from "../../parts/policy/handling";
import { groupOf, type Item, itemOf, type Known, saidBy } from "../../parts/policy/known";
import { type Draft, saidWith } from "../../parts/policy/laid_over";
import { traitName } from "../../parts/policy/naming";
import { Saving } from "../../parts/policy/saving";
import { ofHousehold, type Said, saidAt, saying } from "../../parts/policy/traits";
import { Turns } from "../../parts/policy/turns";
import { api, told } from "../../server/api";
import { may } from "../../server/reach";
import { T } from "../../words/rich";
import { type Key, t } from "../../words/words";

const IDENTIFIERS = ["macs", "addresses", "ids", "hosts"] as const;
const HELP: Readonly<Record<(typeof IDENTIFIERS)[number], Key>> = {
  macs: "device.macs.help",
  addresses: "device.addresses.help",
  ids: "device.ids.help",
  hosts: "device.hosts.help",
};
const LINES: Accepts = { type: "array", items: { type: "string" } };

interface Given {
  readonly client: Item;
  readonly known: Known;
  readonly onChanged: () => Promise<void>;
}

export function ClientForm({ client, known, onChanged }: Given) {
  const draft = useMemo(() => signal<Draft | null>(null), []);
  const drafted = draft.value;
  const stored = saidBy(client);
  // Its group is chosen further up, and stays what it is there.
  const said = saying(saidWith(drafted, stored), "group", stored.group);
  const isLocked = client.locked !== "" || !may("settings:write");
  const group = saidBy(itemOf(known.groups, groupOf(said)));
  const set = (wanted: Said) => {
    draft.value = { base: stored, mine: wanted };
  };
  const editor = {
    id: "client",
    said,
    known,
    below: (path: string) => saidAt(group, path) ?? ofHousehold(known.settings, path),
    belowName: "policy.as_group" as const,
    disabled: isLocked,
    onChange: set,
  };
  return (
    <>
      <section class="card" aria-labelledby="client-title">
        <div class="card-head">
          <h2 id="client-title">{t("device.settings")}</h2>
          {!isLocked && (
            <Removal
              name={client.name}
              label={t("device.remove")}
              remove={() => told(api.DELETE("/clients/{name}", { params: named(client) }))}
              onRemoved={() => {
                location.hash = addressOf("devices");
                onChanged();
              }}
            />
          )}
        </div>
        {client.locked && (
          <p class="notice">
            <T k="policy.held" values={{ where: <Translated text={client.locked} /> }} />
          </p>
        )}
        {!isLocked && (
          <Rename
            name={client.name}
            rename={(other) =>
              told(
                api.POST("/clients/{name}/rename", {
                  params: named(client),
                  body: { to: other, dry_run: false },
                }),
              )
            }
            onRenamed={(other) => {
              location.replace(addressOf("device", {}, other));
              onChanged();
            }}
          />
        )}
        <Identity said={said} known={known} disabled={isLocked} set={set} />
        <Editor {...editor} />
        <Turns {...editor} />
      </section>
      {!isLocked && JSON.stringify(said) !== JSON.stringify(stored) && (
        <Saving
          changes={[{ key: "clients", item: client.name, action: "set", value: said }]}
          revision={known.revision}
          onOld={onChanged}
          done={t("device.saved", { name: client.name })}
          called={known.called}
          onSaved={async () => {
            await onChanged();
            if (draft.value === drafted) draft.value = null;
          }}
          onDiscard={() => {
            draft.value = null;
          }}
        />
      )}
    </>
  );
}

const named = ({ name }: Item) => ({ path: { name } });

interface IdentityGiven {
  readonly said: Said;
  readonly known: Known;
  readonly disabled: boolean;
  readonly set: (said: Said) => void;
}

function Identity({ said, known, disabled, set }: IdentityGiven) {
  const tags = tagsOf(known);
  return (
    <details class="section" open>
      <summary>
        <h3>{t("device.identity")}</h3>
      </summary>
      {IDENTIFIERS.map((key) => (
        <div key={key} class="setting">
          <div>
            <label htmlFor={`client-${key}`}>
              <strong>{traitName(key)}</strong>
            </label>
            <p class="quiet">{t(HELP[key])}</p>
          </div>
          <div class="value">
            <Control
              id={`client-${key}`}
              label={traitName(key)}
              accepts={LINES}
              value={said[key] ?? []}
              disabled={disabled}
              onChange={(wanted) => set({ ...said, [key]: wanted })}
            />
          </div>
        </div>
      ))}
      {tags.length > 0 && (
        <details class="section">
          <summary>{traitName("tags")}</summary>
          <p class="quiet">{t("device.tags.help")}</p>
          <Choices
            id="client-tags"
            label={traitName("tags")}
            words={tags}
            chosen={(said.tags ?? []) as readonly string[]}
            disabled={disabled}
            onChange={(wanted) => set({ ...said, tags: wanted })}
          />
        </details>
      )}
    </details>
  );
}

function tagsOf({ settings }: Known): readonly string[] {
  const accepts = settings.find(({ key }) => key === "clients")?.accepts as Accepts | undefined;
  return accepts?.items?.properties?.tags?.items?.enum ?? [];
}
