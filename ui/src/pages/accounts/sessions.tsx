// Where somebody is signed in, with a button that ends it there.

import { Trouble, useDeed } from "../../parts/deed";
import { Foreign } from "../../parts/foreign";
import type { Schemas } from "../../server/api";
import { ago, moment } from "../../words/format";
import { t } from "../../words/words";
import { agentOf } from "./agent";

interface Given {
  readonly sessions: readonly (Schemas["AccountSession"] & { readonly current?: boolean })[];
  readonly end: (id: string) => Promise<unknown>;
  readonly onEnded: () => void;
}

export function Sessions({ sessions, end, onEnded }: Given) {
  const deed = useDeed(onEnded);
  if (sessions.length === 0) return <p class="quiet">{t("accounts.no_sessions")}</p>;
  return (
    <>
      <ul class="rules" aria-label={t("accounts.sessions")}>
        {sessions.map(({ id, address, agent, created, seen, current }) => (
          <li key={id}>
            <span>
              <Foreign text={agentOf(agent)} look="isolated strong" />{" "}
              {current && <span class="tag">{t("accounts.this_one")}</span>}
              <div class="quiet">
                <Foreign text={address} /> ·{" "}
                {t("accounts.session_times", { since: moment(created), seen: ago(seen) })}
              </div>
            </span>
            {!current && (
              <button
                type="button"
                aria-label={`${t("accounts.end_session")}: ${agentOf(agent)}, ${address}`}
                disabled={deed.isBusy.value}
                onClick={() => deed.run(() => end(id))}
              >
                {t("accounts.end_session")}
              </button>
            )}
          </li>
        ))}
      </ul>
      <Trouble deed={deed} />
    </>
  );
}
