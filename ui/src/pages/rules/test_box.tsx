// What becomes of a name, for whom and when, and why: asked as it is typed.

import { TYPING_MS, useAsked } from "../../parts/asked";
import { api, told } from "../../server/api";
import { usePolled } from "../../server/polled";
import { visible } from "../../words/format";
import { t } from "../../words/words";
import { useAskedAbout } from "./asked_about";
import { isUnsaved } from "./draft";
import { Moment } from "./moment";
import { Why } from "./why";

const TYPES = ["A", "AAAA", "HTTPS", "CNAME", "MX", "TXT", "PTR", "SRV"] as const;

export function TestBox() {
  const asked = useAskedAbout();
  const { name, type, client, at } = asked.value;
  const set = (changed: Partial<typeof asked.value>) => {
    asked.value = { ...asked.value, ...changed };
  };
  const body = { name: name.trim(), type, client: client.trim(), also: "", ask: false, at };
  const { found, trouble } = useAsked(
    body.name ? body : null,
    (question, signal) => told(api.POST("/explain", { body: question, signal })),
    TYPING_MS,
  );
  return (
    <section class="card" aria-labelledby="test-title">
      <div class="card-head">
        <h1 id="test-title">{t("test.title")}</h1>
      </div>
      <search class="test-fields">
        <Text
          id="test-name"
          label={t("test.name")}
          value={name}
          placeholder="www.example.org"
          onInput={(typed) => set({ name: typed })}
        />
        <select
          aria-label={t("queries.column.type")}
          value={type}
          onChange={(event) => set({ type: event.currentTarget.value })}
        >
          {[...new Set([...TYPES, type])].map((each) => (
            <option key={each}>{each}</option>
          ))}
        </select>
        <Text
          id="test-client"
          label={t("test.client")}
          value={client}
          list="test-clients"
          onInput={(typed) => set({ client: typed })}
        />
        <Clients id="test-clients" />
        <Moment at={at} onChange={(moment) => set({ at: moment })} />
      </search>
      <p class="error" role="alert">
        {trouble.value}
      </p>
      {found.value && body.name && isUnsaved() && (
        <p id="test-unsaved" class="notice" role="status">
          {t("test.unsaved")}
        </p>
      )}
      {found.value && body.name && <Why found={found.value} />}
      {!body.name && <p class="quiet">{t("test.about")}</p>}
    </section>
  );
}

interface TextGiven {
  readonly id: string;
  readonly label: string;
  readonly value: string;
  readonly placeholder?: string;
  readonly list?: string;
  readonly onInput: (typed: string) => void;
}

function Text({ id, label, value, placeholder = label, list, onInput }: TextGiven) {
  return (
    <input
      id={id}
      type="search"
      autocomplete="off"
      autocapitalize="off"
      spellcheck={false}
      maxLength={1000}
      aria-label={label}
      placeholder={placeholder}
      list={list}
      value={value}
      onInput={(event) => onInput(event.currentTarget.value)}
    />
  );
}

/** Whom one may mean, to choose from while typing. */
function Clients({ id }: { id: string }) {
  const read = async (signal: AbortSignal) => {
    const [clients, devices] = await Promise.all([
      told(api.GET("/clients", { signal })),
      told(api.GET("/devices", { signal })),
    ]);
    return [
      ...clients.items.map(({ name }) => name),
      ...devices.devices.filter((each) => !each.client).map((each) => each.name || each.id),
    ];
  };
  const names = usePolled("test clients", read, null).last.value ?? [];
  return (
    <datalist id={id}>
      {[...new Set(names)]
        .filter((name) => visible(name) === name)
        .map((name) => (
          <option key={name} value={name} />
        ))}
    </datalist>
  );
}
