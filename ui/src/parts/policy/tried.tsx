// What changes of the settings would have done to the queries of the last days, client by client.

import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { api, type Schemas, told } from "../../server/api";
import { may } from "../../server/reach";
import { t } from "../../words/words";
import { Trouble, useDeed } from "../deed";
import { Foreign, Named, Translated } from "../foreign";

type Preview = Schemas["SettingsPreview"];

interface Given {
  readonly changes: Schemas["SettingChange"][];
  readonly revision: string;
}

/** The question, asked by a click as it takes a moment, and its answer until something else is to be
 *  changed. */
export function Tried({ changes, revision }: Given) {
  const found = useSignal<Preview | null>(null);
  const deed = useDeed();
  const wanted = JSON.stringify(changes);
  // biome-ignore lint/correctness/useExhaustiveDependencies: `wanted` says when they are others
  useEffect(() => {
    found.value = null;
  }, [wanted]);
  if (!may("settings:write") || !may("log:read")) return null;
  const ask = () =>
    deed.run(async () => {
      const answer = await told(
        api.POST("/settings/preview", {
          body: { changes, revision, days: 7, at: "" },
          signal: AbortSignal.timeout(60_000),
        }),
      );
      if (JSON.stringify(changes) === wanted) found.value = answer;
    });
  return (
    <div class="tried">
      {!found.value && (
        <button type="button" disabled={deed.isBusy.value} onClick={ask}>
          {t(deed.isBusy.value ? "policy.trying" : "policy.try")}
        </button>
      )}
      <Trouble deed={deed} />
      <div role="status">{found.value && <Effect found={found.value} />}</div>
    </div>
  );
}

function Effect({ found }: { found: Preview }) {
  const touched = found.clients.filter(
    ({ blocked, freed, changed }) => blocked + freed + changed > 0,
  );
  return (
    <>
      <p>
        <strong>{t("policy.would_have", { count: found.days })}</strong> {sums(found)}
      </p>
      {touched.map((client) => (
        <details key={`${client.client} ${client.device}`}>
          <summary>
            <Named name={client.name || client.client} read={client.name && client.client} />:{" "}
            {sums(client)}
          </summary>
          <ul class="rules">
            {client.names.map((name) => (
              <li key={`${name.name} ${name.types.join()}`}>
                <span>
                  <Foreign text={name.name_unicode} look="isolated strong" />{" "}
                  <span class="quiet">
                    {t(`policy.becomes.${name.becomes}`)} ·{" "}
                    {t("queries.count", { count: name.queries })}{" "}
                    <Foreign text={name.after.rule ?? name.before.rule ?? ""} look="rule" />
                  </span>
                </span>
              </li>
            ))}
          </ul>
        </details>
      ))}
      {found.more_clients > 0 && (
        <p class="quiet">{t("policy.more_clients", { count: found.more_clients })}</p>
      )}
      {found.partial && <p class="quiet">{t("policy.partial")}</p>}
      {found.notes.map((note) => (
        <p key={note} class="quiet">
          <Translated text={note} />
        </p>
      ))}
    </>
  );
}

function sums({ blocked, freed, changed }: Pick<Preview, "blocked" | "freed" | "changed">): string {
  if (blocked + freed + changed === 0) return t("policy.nothing_changes");
  const parts = [
    blocked && t("policy.more_blocked", { count: blocked }),
    freed && t("policy.more_freed", { count: freed }),
    changed && t("policy.more_changed", { count: changed }),
  ];
  return parts.filter(Boolean).join(", ");
}
