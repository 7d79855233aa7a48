// One route: which names it is for, in words, and who is asked about them.

import { useSignal } from "@preact/signals";
import { Foreign, Listed } from "../../parts/foreign";
import { t } from "../../words/words";
import type { Drafts } from "./drafts";
import { type Entry, urlOf } from "./entries";
import { Held } from "./reviewed";
import { Servers, type States } from "./servers";
import { reachOf } from "./zones";

const ROUTES = "upstream.routes";
export const USUAL = "default";

interface Given {
  readonly name: string;
  /** Whether it is only drafted: its servers are tried at once. */
  readonly isNew: boolean;
  /** Servers, or the name of a set. */
  readonly to: unknown;
  readonly sets: readonly string[];
  readonly drafts: Drafts;
  readonly states: States;
}

export function OneRoute({ name, isNew, to, sets, drafts, states }: Given) {
  const isFixed = !drafts.mayChange(ROUTES, name);
  const isOpen = useSignal(isNew);
  const known = drafts.of(ROUTES)?.items?.find((each) => each.name === name)?.value;
  const servers = Array.isArray(to) ? (to as readonly Entry[]) : null;
  const set = (wanted: unknown) => drafts.set(ROUTES, wanted, name);
  return (
    <li>
      <div class="about">
        <p>
          <Foreign text={name} look="isolated strong" />
        </p>
        <p class="quiet">{t(`network.reach.${reachOf(name)}`)}</p>
        <Held by={drafts.heldBy(ROUTES, name)} />
        {servers && !isOpen.value && (
          <p class="quiet">
            → <Listed texts={servers.map(urlOf)} />
          </p>
        )}
        {servers && isOpen.value && (
          <Servers
            id={`route-${name}`}
            label={t("network.route_servers", { name })}
            entries={servers}
            states={states}
            known={Array.isArray(known) ? (known as readonly Entry[]) : []}
            isFixed={isFixed}
            onChange={(wanted) => set(wanted)}
          />
        )}
      </div>
      <div class="choices">
        {!servers && (
          <Target
            label={t("network.route_to", { name })}
            sets={sets}
            chosen={String(to)}
            isFixed={isFixed}
            onChange={set}
          />
        )}
        {servers && !isFixed && (
          <button
            type="button"
            aria-expanded={isOpen.value}
            aria-label={t("network.change_of", { name })}
            onClick={() => {
              isOpen.value = !isOpen.value;
            }}
          >
            {t(isOpen.value ? "network.close" : "network.change")}
          </button>
        )}
        {!isFixed && (
          <button
            type="button"
            aria-label={t("network.remove_of", { name })}
            onClick={() => drafts.remove(ROUTES, name)}
          >
            {t("lists.remove")}
          </button>
        )}
      </div>
    </li>
  );
}

interface TargetGiven {
  readonly label: string;
  readonly sets: readonly string[];
  readonly chosen: string;
  readonly isFixed?: boolean;
  /** Whether servers of its own may be chosen as well. */
  readonly withServers?: boolean;
  readonly onChange: (chosen: string) => void;
}

/** A set, or the usual servers; "" stands for servers of its own. */
export function Target({ label, sets, chosen, isFixed, withServers, onChange }: TargetGiven) {
  return (
    <select
      aria-label={label}
      disabled={isFixed}
      value={chosen}
      onChange={(event) => onChange(event.currentTarget.value)}
    >
      {withServers && <option value="">{t("network.to.servers")}</option>}
      <option value={USUAL}>{t("network.to.usual")}</option>
      {sets.map((name) => (
        <option key={name} value={name}>
          {t("network.to.set", { name })}
        </option>
      ))}
    </select>
  );
}
