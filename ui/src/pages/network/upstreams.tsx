// Who is asked: servers with how they do, tried before they are saved; how several are asked; sets of
// them under a name.

import { api, told } from "../../server/api";
import { usePolled } from "../../server/polled";
import { t } from "../../words/words";
import { type Drafts, useDrafts } from "./drafts";
import { type Entry, urlOf } from "./entries";
import { Held, Reviewed } from "./reviewed";
import { Servers, type States } from "./servers";
import { Sets } from "./sets";
import { Strategy } from "./strategy";
import { WellKnown } from "./well_known";
import "./network.css";

const EVERY_MS = 5_000;
const SERVERS = "upstream.servers";

export default function Upstreams() {
  const drafts = useDrafts("upstream");
  const read = (signal: AbortSignal) => told(api.GET("/upstreams", { signal }));
  const found = usePolled("upstreams", read, EVERY_MS).last.value;
  const states: States = new Map(found?.upstreams.map((each) => [each.name, each]));
  return (
    <>
      <section class="card" aria-labelledby="servers-title">
        <div class="card-head">
          <h1 id="servers-title">{t("network.servers")}</h1>
        </div>
        <p class="quiet help">{t("network.servers.help")}</p>
        {drafts.isRead && <Chosen drafts={drafts} states={states} />}
      </section>
      {drafts.isRead && (
        <>
          <Strategy drafts={drafts} />
          <Others drafts={drafts} states={states} />
          <Sets drafts={drafts} states={states} />
          <Reviewed drafts={drafts} />
        </>
      )}
    </>
  );
}

interface Given {
  readonly drafts: Drafts;
  readonly states: States;
}

function Chosen({ drafts, states }: Given) {
  const entries = drafts.value(SERVERS) as readonly Entry[];
  const set = (wanted: readonly Entry[]) => drafts.set(SERVERS, wanted);
  return (
    <>
      <Held by={drafts.heldBy(SERVERS)} />
      <Servers
        id="servers"
        label={t("network.servers")}
        entries={entries}
        states={states}
        known={(drafts.of(SERVERS)?.value ?? []) as readonly Entry[]}
        isFixed={!drafts.mayChange(SERVERS)}
        onChange={set}
      />
      {drafts.mayChange(SERVERS) && (
        <WellKnown chosen={entries.map(urlOf)} onChoose={(url) => set([...entries, url])} />
      )}
    </>
  );
}

/** Servers for when all else fails, and those that tell where the others are. */
function Others({ drafts, states }: Given) {
  return (
    <>
      {(["fallback", "bootstrap"] as const).map((each) => {
        const key = `upstream.${each}`;
        return (
          <section key={each} class="card" aria-labelledby={`${each}-title`}>
            <div class="card-head">
              <h2 id={`${each}-title`}>{t(`network.${each}`)}</h2>
            </div>
            <p class="quiet help">{t(`network.${each}.help`)}</p>
            <Held by={drafts.heldBy(key)} />
            <Servers
              id={each}
              label={t(`network.${each}`)}
              entries={drafts.value(key) as readonly Entry[]}
              states={each === "fallback" ? states : undefined}
              known={(drafts.of(key)?.value ?? []) as readonly Entry[]}
              isFixed={!drafts.mayChange(key)}
              onChange={(wanted) => drafts.set(key, wanted)}
            />
          </section>
        );
      })}
    </>
  );
}
