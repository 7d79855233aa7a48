// Servers under a name of their own, for routes and groups to lead to.

import { useSignal } from "@preact/signals";
import { Foreign } from "../../parts/foreign";
import { type Key, t } from "../../words/words";
import type { Drafts } from "./drafts";
import type { Entry } from "./entries";
import { Held } from "./reviewed";
import { Servers, type States } from "./servers";

export const SETS = "upstream.sets";
const STRATEGIES = ["fastest", "parallel", "load_balance", "strict"] as const;

interface SetValue {
  readonly servers: readonly Entry[];
  readonly fallback?: readonly Entry[];
  readonly strategy?: string | null;
  readonly client_subnet?: string | null;
}

interface Given {
  readonly drafts: Drafts;
  readonly states: States;
}

export function Sets({ drafts, states }: Given) {
  const sets = drafts.items(SETS);
  return (
    <section class="card" aria-labelledby="sets-title">
      <div class="card-head">
        <h2 id="sets-title">{t("network.sets")}</h2>
      </div>
      <p class="quiet help">{t("network.sets.help")}</p>
      {sets.map(({ name, value, isNew }) => (
        <OneSet
          key={name}
          name={name}
          value={value as SetValue}
          isNew={isNew}
          drafts={drafts}
          states={states}
        />
      ))}
      {drafts.mayChange(SETS) && (
        <NewSet
          taken={sets.map(({ name }) => name)}
          onAdd={(name, server) => drafts.set(SETS, { servers: [server] }, name)}
        />
      )}
    </section>
  );
}

interface OneGiven extends Given {
  readonly name: string;
  readonly value: SetValue;
  readonly isNew: boolean;
}

function OneSet({ name, value, isNew, drafts, states }: OneGiven) {
  const isFixed = !drafts.mayChange(SETS, name);
  const known = drafts.of(SETS)?.items?.find((each) => each.name === name)?.value as
    | SetValue
    | undefined;
  const set = (change: Partial<SetValue>) => drafts.set(SETS, { ...value, ...change }, name);
  return (
    <details class="section" open={isNew}>
      <summary>
        <h3>
          <Foreign text={name} />
        </h3>{" "}
        <span class="quiet">{t("network.servers.count", { count: value.servers.length })}</span>
      </summary>
      <Held by={drafts.heldBy(SETS, name)} />
      <Servers
        id={`set-${name}`}
        label={t("network.set_servers", { name })}
        entries={value.servers}
        states={states}
        known={known?.servers ?? []}
        isFixed={isFixed}
        onChange={(servers) => set({ servers })}
      />
      <div class="choices">
        <select
          aria-label={t("network.set_strategy", { name })}
          disabled={isFixed}
          value={value.strategy ?? ""}
          onChange={(event) => set({ strategy: event.currentTarget.value || null })}
        >
          <option value="">{t("network.strategy.usual")}</option>
          {STRATEGIES.map((each) => (
            <option key={each} value={each}>
              {t(`network.strategy.${each}` as Key)}
            </option>
          ))}
        </select>
        {!isFixed && (
          <button
            type="button"
            aria-label={t("network.remove_of", { name })}
            onClick={() => drafts.remove(SETS, name)}
          >
            {t("network.remove_set")}
          </button>
        )}
      </div>
    </details>
  );
}

interface NewGiven {
  readonly taken: readonly string[];
  readonly onAdd: (name: string, server: string) => void;
}

function NewSet({ taken, onAdd }: NewGiven) {
  const name = useSignal("");
  const server = useSignal("");
  function add(event: Event): void {
    event.preventDefault();
    if (taken.includes(name.value.trim())) return;
    onAdd(name.value.trim(), server.value.trim());
    name.value = "";
    server.value = "";
  }
  return (
    <form class="naming" onSubmit={add}>
      <input
        id="new-set"
        type="text"
        required
        maxLength={40}
        aria-label={t("network.set_name")}
        placeholder={t("network.set_name")}
        value={name.value}
        onInput={(event) => {
          name.value = event.currentTarget.value;
        }}
      />
      <input
        id="new-set-server"
        type="text"
        required
        spellcheck={false}
        maxLength={4096}
        aria-label={t("network.set_server")}
        placeholder="tls://family.example.org"
        value={server.value}
        onInput={(event) => {
          server.value = event.currentTarget.value;
        }}
      />
      <button type="submit">{t("network.add_set")}</button>
    </form>
  );
}
