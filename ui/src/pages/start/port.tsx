// Whether this server has the port that devices ask; if not, who has it and what to type.

import { Trouble, useDeed } from "../../parts/deed";
import { Foreign, Listed, Translated } from "../../parts/foreign";
import { isLoopback } from "../../parts/loopback";
import type { Schemas } from "../../server/api";
import { may } from "../../server/reach";
import { T } from "../../words/rich";
import { t } from "../../words/words";
import {
  ANYWHERE,
  bestOf,
  change,
  hostOf,
  linesOf,
  type Settings,
  type Setup,
  settingOf,
} from "./known";

type Holder = Schemas["PortHolder"];

const DNS = 53;
const EVERYWHERE = [`0.0.0.0:${DNS}`, `[::]:${DNS}`];

interface Given {
  readonly setup: Setup;
  readonly settings: Settings | undefined;
  readonly onChanged: () => void;
}

export function Port({ setup, settings, onChanged }: Given) {
  const wantsIt = setup.wanted.some((each) => each.endsWith(`:${DNS}`));
  const others = setup.holders.filter(({ is_us }) => !is_us);
  const isThere = setup.holders.some(({ is_us, port }) => is_us && port === DNS);
  const isWhole = isThere && setup.missing.length === 0;
  const locked = settingOf(settings, "dns.listen")?.locked ?? "";
  return (
    <section class="card" aria-labelledby="port-title">
      <h2 id="port-title">{t("start.port.title")}</h2>
      <p class="quiet">{t("start.port.about")}</p>
      <p role="status" class={stateOf(setup, others, isWhole)} id="port-state">
        {isWhole ? t("start.port.ours") : <Missing setup={setup} others={others} />}
      </p>
      {!isWhole && <Takers others={others} />}
      {!isWhole && !setup.may_use_53 && (
        <>
          <p>{t("start.port.no_right")}</p>
          <Commands lines={setup.right_by} />
        </>
      )}
      {!isWhole && (
        <Elsewhere setup={setup} wantsIt={wantsIt} locked={locked} onChanged={onChanged} />
      )}
    </section>
  );
}

/** How it looks: done, about to be, or somebody's to do. */
function stateOf(setup: Setup, others: readonly Holder[], isWhole: boolean): string {
  if (isWhole) return "good";
  return others.length === 0 && isComing(setup) ? "waiting" : "notice";
}

/** Whether what is missing is nobody's any more: addresses of this machine, and a right to them. */
function isComing({ missing, addresses, may_use_53 }: Setup): boolean {
  const own = new Set(addresses.map(({ address }) => address));
  return (
    missing.length > 0 &&
    missing.every((place) => {
      const host = hostOf(place);
      const isHere = ANYWHERE.has(host) || isLoopback(host) || own.has(host);
      return isHere && (may_use_53 || !place.endsWith(`:${DNS}`));
    })
  );
}

function Missing({ setup, others }: { setup: Setup; others: readonly Holder[] }) {
  if (others.length > 0) {
    const names = [...new Set(others.map(({ program, user }) => program || user || "?"))];
    return <T k="start.port.taken" values={{ program: <Listed key="program" texts={names} /> }} />;
  }
  if (isComing(setup)) return <T k="start.port.coming" />;
  if (setup.missing.length > 0) {
    const places = <Listed key="places" texts={setup.missing} />;
    return <T k="start.port.missing" values={{ places }} />;
  }
  const places = <Listed key="places" texts={setup.wanted} />;
  return <T k="start.port.free" values={{ places }} />;
}

/** Who has it, one after the other, each with what helps. */
function Takers({ others }: { others: readonly Holder[] }) {
  const programs = [...new Set(others.map(({ program }) => program))];
  return (
    <>
      {programs.map((program) => {
        const theirs = others.filter((each) => each.program === program);
        const { kind = "unknown", commands = [], user = "" } = theirs[0] ?? {};
        const places = theirs.map(({ address, port, transport }) =>
          address.includes(":")
            ? `[${address}]:${port} ${transport}`
            : `${address}:${port} ${transport}`,
        );
        return (
          <div key={program} class="taker">
            <p>
              {t(`start.taker.${kind}`)}{" "}
              <span class="quiet">
                <Foreign text={program || user} /> (<Listed texts={places} />)
              </span>
            </p>
            <Commands lines={commands} />
          </div>
        );
      })}
      {others.length > 0 && <p class="quiet">{t("start.port.again")}</p>}
    </>
  );
}

/** What is typed, to be taken as a whole by one click. */
export function Commands({ lines }: { lines: readonly string[] }) {
  return (
    <pre class="commands">
      <code>{lines.join("\n")}</code>
    </pre>
  );
}

interface ElsewhereGiven {
  readonly setup: Setup;
  readonly wantsIt: boolean;
  readonly locked: string;
  readonly onChanged: () => void;
}

/** Listening at port 53, or only at this machine's own addresses beside who has it at others. */
function Elsewhere({ setup, wantsIt, locked, onChanged }: ElsewhereGiven) {
  const deed = useDeed(onChanged);
  const own = bestOf(setup).map(({ address, version }) =>
    version === 6 ? `[${address}]:${DNS}` : `${address}:${DNS}`,
  );
  const isOwn = own.join() === setup.wanted.join();
  if (!may("settings:write")) return null;
  if (locked) return <Held where={locked} own={own} />;
  const listen = (places: string[]) =>
    deed.run(() => change([{ key: "dns.listen", item: "", action: "set", value: places }]));
  const isBusy = deed.isBusy.value || !setup.may_use_53;
  return (
    <>
      <Trouble deed={deed} />
      <div class="choices">
        {!wantsIt && (
          <button type="button" class="main" disabled={isBusy} onClick={() => listen(EVERYWHERE)}>
            {t("start.port.listen")}
          </button>
        )}
        {!isOwn && own.length > 0 && !setup.contained && (
          <button type="button" disabled={isBusy} onClick={() => listen(own)}>
            {t("start.port.own_only")}
          </button>
        )}
      </div>
    </>
  );
}

function Held({ where, own }: { where: string; own: readonly string[] }) {
  return (
    <>
      <p>
        <T k="start.port.held" values={{ where: <Translated key="where" text={where} /> }} />
      </p>
      <Commands lines={linesOf(where, ["dns", "listen"], own.length ? own : EVERYWHERE)} />
    </>
  );
}
