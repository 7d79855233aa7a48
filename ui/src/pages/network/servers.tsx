// Servers in their order, each with how it does: tried, moved, taken out, and more of them put in.

import { useSignal } from "@preact/signals";
import { Foreign } from "../../parts/foreign";
import type { Schemas } from "../../server/api";
import { duration } from "../../words/format";
import { t } from "../../words/words";
import { Failures, kindWords, speed } from "../overview/server";
import { type Entry, isPlain, moved, nameOf, patienceOf, urlOf } from "./entries";
import { Trial } from "./trial";

export type States = ReadonlyMap<string, Schemas["Upstream"]>;

interface Given {
  readonly id: string;
  /** What these servers are, for who can't see where they stand. */
  readonly label: string;
  readonly entries: readonly Entry[];
  /** How those do that are asked now. */
  readonly states?: States | undefined;
  /** Those of the settings now: others are tried when they come. */
  readonly known?: readonly Entry[];
  readonly isFixed: boolean;
  readonly onChange: (entries: Entry[]) => void;
}

export function Servers({ id, label, entries, states, known = [], isFixed, onChange }: Given) {
  const slowest = Math.max(...[...(states?.values() ?? [])].map((each) => each.rtt_p50_ms ?? 0), 1);
  const urls = known.map(urlOf);
  return (
    <>
      {entries.length === 0 && <p class="quiet">{t("network.no_servers")}</p>}
      <ol id={id} class="servers" aria-label={label}>
        {entries.map((entry, place) => (
          <li key={urlOf(entry)}>
            <State
              entry={entry}
              state={states?.get(nameOf(urlOf(entry)))}
              isTold={states !== undefined}
              slowest={slowest}
            />
            {!isFixed && (
              <Places
                url={urlOf(entry)}
                isFirst={place === 0}
                isLast={place === entries.length - 1}
                isAlone={entries.length === 1}
                onMove={(by) => onChange(moved(entries, place, by))}
                onRemove={() => onChange(entries.filter((_, other) => other !== place))}
              />
            )}
            {!isFixed && <Trial url={urlOf(entry)} isAtOnce={!urls.includes(urlOf(entry))} />}
          </li>
        ))}
      </ol>
      {!isFixed && (
        <Adding
          id={`${id}-new`}
          label={label}
          taken={entries.map(urlOf)}
          onAdd={(url) => onChange([...entries, url])}
        />
      )}
    </>
  );
}

interface StateGiven {
  readonly entry: Entry;
  readonly state: Schemas["Upstream"] | undefined;
  /** Whether it is told how such a server does. */
  readonly isTold: boolean;
  readonly slowest: number;
}

function State({ entry, state, isTold, slowest }: StateGiven) {
  const url = urlOf(entry);
  const patience = patienceOf(entry);
  const share = (state?.rtt_p50_ms ?? 0) / slowest;
  return (
    <div class={`state ${!state ? "off" : state.up ? "fine" : "trouble"}`}>
      {state && <span class="bar" style={{ "--share": share }} aria-hidden="true" />}
      <p>
        <span class="mark" aria-hidden="true" />
        <Foreign text={url} look="isolated strong" />
        {state?.rtt_p50_ms != null && (
          <span class="time number"> {duration(state.rtt_p50_ms)}</span>
        )}
      </p>
      <p class="quiet small">
        {state && `${kindWords(state.kind)} · ${speed(state)}`}
        {!state && isTold && t("network.not_in_use")}
        {patience && ` · ${t("network.patience", { time: patience })}`}
      </p>
      {state && (
        <p class={state.up ? "quiet small" : "error small"}>
          <Failures server={state} />
        </p>
      )}
    </div>
  );
}

interface PlacesGiven {
  readonly url: string;
  readonly isFirst: boolean;
  readonly isLast: boolean;
  readonly isAlone: boolean;
  readonly onMove: (by: number) => void;
  readonly onRemove: () => void;
}

function Places({ url, isFirst, isLast, isAlone, onMove, onRemove }: PlacesGiven) {
  return (
    <div class="choices">
      {!isAlone && (
        <>
          <button
            type="button"
            disabled={isFirst}
            aria-label={t("network.earlier", { server: url })}
            onClick={() => onMove(-1)}
          >
            ↑
          </button>
          <button
            type="button"
            disabled={isLast}
            aria-label={t("network.later", { server: url })}
            onClick={() => onMove(1)}
          >
            ↓
          </button>
        </>
      )}
      <button type="button" aria-label={t("network.remove_of", { name: url })} onClick={onRemove}>
        {t("lists.remove")}
      </button>
    </div>
  );
}

interface AddingGiven {
  readonly id: string;
  readonly label: string;
  readonly taken: readonly string[];
  readonly onAdd: (url: string) => void;
}

/** One more: it is tried as soon as it stands in the list, before anything is saved. */
function Adding({ id, label, taken, onAdd }: AddingGiven) {
  const url = useSignal("");
  function add(event: Event): void {
    event.preventDefault();
    const wanted = url.value.trim();
    if (!wanted || taken.includes(wanted)) return;
    onAdd(wanted);
    url.value = "";
  }
  return (
    <form class="naming" onSubmit={add}>
      <input
        id={id}
        type="text"
        autocomplete="off"
        autocapitalize="off"
        spellcheck={false}
        maxLength={4096}
        aria-label={t("network.new_server_of", { list: label })}
        placeholder="tls://dns.example.org"
        value={url.value}
        onInput={(event) => {
          url.value = event.currentTarget.value;
        }}
      />
      <button type="submit" disabled={url.value.trim() === ""}>
        {t("network.add_and_test")}
      </button>
      {url.value.trim() !== "" && isPlain(url.value) && (
        <p class="quiet small">{t("network.readable")}</p>
      )}
    </form>
  );
}
