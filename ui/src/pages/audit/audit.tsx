// Who changed what and when, as far back as that is kept; looked through by who, what and whether it
// failed. What is looked for stands in the address.

import { signal, useSignal } from "@preact/signals";
import { useMemo } from "preact/hooks";
import { place, rewrite } from "../../address";
import { useAsked } from "../../parts/asked";
import { nameOf } from "../../parts/by";
import { Trouble, useDeed } from "../../parts/deed";
import { Foreign, Translated } from "../../parts/foreign";
import { useTyped } from "../../parts/typed";
import { api, type Schemas, told } from "../../server/api";
import { may } from "../../server/reach";
import { moment } from "../../words/format";
import { type Files, useMore } from "../../words/more";
import { type Key, t } from "../../words/words";
import "./audit.css";
import { givenWords } from "./given";

type Line = Schemas["AuditLine"];
type Deeds = Readonly<Record<string, string>>;

const deeds: Files<Deeds> = import.meta.glob<{ default: Deeds }>("../../words/deeds/*.json");
const A_PAGE = 50;
/** What operations are about, by how their names begin. */
const AREAS = [
  "settings",
  "lists",
  "rules",
  "names",
  "services",
  "safe_search",
  "protection",
  "clients",
  "groups",
  "schedules",
  "records",
  "routes",
  "upstream_sets",
  "devices",
  "cache",
  "log",
  "statistics",
  "session",
  "own",
  "accounts",
  "tokens",
  "backup",
] as const;

interface Wanted {
  readonly actor: string;
  readonly operation: string;
  readonly failed: boolean;
}

export default function Audit() {
  const { query } = place.value;
  const wanted: Wanted = {
    actor: query.get("actor") ?? "",
    operation: query.get("operation") ?? "",
    failed: query.get("failed") === "true",
  };
  const look = (change: Partial<Wanted>) => {
    const { actor, operation, failed } = { ...wanted, ...change };
    rewrite({ actor, operation, failed: failed ? "true" : "" });
  };
  return (
    <section class="card" aria-labelledby="audit-title">
      <div class="card-head">
        <h1 id="audit-title">{t("nav.audit")}</h1>
      </div>
      <p class="quiet">{t("audit.about")}</p>
      {may("accounts:write") ? (
        <>
          <Filters wanted={wanted} onLook={look} />
          <Found key={JSON.stringify(wanted)} wanted={wanted} onLook={look} />
        </>
      ) : (
        <p>{t("audit.of_admins")}</p>
      )}
    </section>
  );
}

interface Given {
  readonly wanted: Wanted;
  readonly onLook: (change: Partial<Wanted>) => void;
}

function Filters({ wanted, onLook }: Given) {
  const actor = useTyped(wanted.actor, (typed) => onLook({ actor: typed.trim() }));
  return (
    <div class="filters">
      <input type="search" aria-label={t("audit.by")} placeholder={t("audit.by")} {...actor} />
      <select
        aria-label={t("audit.what")}
        value={wanted.operation}
        onChange={(event) => onLook({ operation: event.currentTarget.value })}
      >
        <option value="">{t("audit.everything")}</option>
        {AREAS.map((each) => (
          <option key={each} value={`${each}.`}>
            {t(`audit.area.${each}`)}
          </option>
        ))}
      </select>
      <label class="check">
        <input
          type="checkbox"
          checked={wanted.failed}
          onChange={(event) => onLook({ failed: event.currentTarget.checked })}
        />
        {t("audit.failed")}
      </label>
    </div>
  );
}

/** The newest that are wanted, and older ones as they are asked for. */
function Found({ wanted, onLook }: Given) {
  const words = useMore(deeds);
  const older = useMemo(() => signal<readonly Line[]>([]), []);
  const cursor = useSignal<number | null | undefined>(undefined);
  const deed = useDeed();
  const { found, trouble } = useAsked(wanted, (body, signal) => page(body, null, signal));
  const lines = [...(found.value?.entries ?? []), ...older.value];
  const next = cursor.value === undefined ? found.value?.next : cursor.value;

  const goOn = () =>
    deed.run(async () => {
      const more = await page(wanted, next ?? null);
      older.value = [...older.value, ...more.entries];
      cursor.value = more.next;
    });
  return (
    <>
      <p class="error" role="status">
        {trouble.value}
      </p>
      {found.value && lines.length === 0 && <p>{t("audit.none")}</p>}
      <ol id="audit" class="rules" aria-label={t("nav.audit")}>
        {lines.map((line) => (
          <Entry key={line.id} line={line} words={words} onLook={onLook} />
        ))}
      </ol>
      <Trouble deed={deed} />
      {next != null && (
        <div class="paging">
          <button type="button" disabled={deed.isBusy.value} onClick={goOn}>
            {t("queries.older")}
          </button>
        </div>
      )}
    </>
  );
}

function page(wanted: Wanted, cursor: number | null, signal?: AbortSignal) {
  const query = { ...wanted, limit: A_PAGE, ...(cursor !== null && { cursor }) };
  return told(api.GET("/audit", { params: { query }, ...(signal && { signal }) }));
}

interface EntryGiven {
  readonly line: Line;
  readonly words: Deeds | null;
  readonly onLook: (change: Partial<Wanted>) => void;
}

function Entry({ line, words, onLook }: EntryGiven) {
  const { time, actor, kind, address, operation, given, error } = line;
  return (
    <li class={error ? "trouble" : "fine"}>
      <span>
        <span class="mark" aria-hidden="true" />
        <button type="button" class="link strong" onClick={() => onLook({ actor })}>
          <Foreign text={nameOf(actor, kind)} />
        </button>{" "}
        <span title={operation}>{words?.[operation] ?? operation}</span> <Values given={given} />
        <div class="quiet">
          {moment(time)} · {t(`audit.kind.${kind}` as Key)}
          {address && (
            <>
              {" · "}
              <Foreign text={address} />
            </>
          )}
        </div>
        {error && (
          <div class="error">
            {t("audit.why")} <Translated text={error} />
          </div>
        )}
      </span>
    </li>
  );
}

/** What was asked for, as far as it is kept: one value by itself, several by their names. */
function Values({ given }: { given: Line["given"] }) {
  const text = givenWords(given);
  return text === "" ? null : <Foreign text={text} look="rule" />;
}
