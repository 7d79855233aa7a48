// What an import comes to: how much is taken, what is not quite the same here, and what is left.

import { addressOf } from "../../address";
import { Differences } from "../../parts/differences";
import { Foreign, Translated } from "../../parts/foreign";
import type { Schemas } from "../../server/api";
import { me } from "../../server/reach";
import { moment } from "../../words/format";
import { T } from "../../words/rich";
import { isKey, type Key, t } from "../../words/words";

type Imported = Schemas["Imported"];

const KINDS = [
  ["differs", "system.import_differs"],
  ["left", "system.import_left"],
] as const satisfies readonly (readonly [string, Key])[];

export function TakenSettings({ imported }: { imported: Imported }) {
  const { source, taken, notes, change } = imported;
  return (
    <>
      <p>
        <strong>
          <Foreign text={source} />
        </strong>
        {": "}
        {taken.length > 0
          ? t("system.import_taken", { kinds: taken.map(kindOf).join(", ") })
          : t("system.import_nothing")}
      </p>
      {change && change.differences.length > 0 && (
        <details>
          <summary>{t("system.import_changes", { count: change.differences.length })}</summary>
          <Differences result={change} />
        </details>
      )}
      {KINDS.map(([kind, title]) => {
        const some = notes.filter((note) => note.kind === kind);
        return (
          some.length > 0 && (
            <details key={kind} open>
              <summary>{t(title, { count: some.length })}</summary>
              <ul class="rules">
                {some.map(({ about, text }) => (
                  <li key={`${about} ${text}`}>
                    <span>
                      <Foreign text={about} look="rule" />: <Translated text={text} />
                    </span>
                  </li>
                ))}
              </ul>
            </details>
          )
        );
      })}
    </>
  );
}

function kindOf({ what, count }: Schemas["Taken"]): string {
  const key = `system.import_kind.${what.replace(" ", "_")}`;
  return isKey(key) ? t(key, { count }) : `${t("number", { value: count })} ${what}`;
}

/** That the page will ask who one is, where accounts come and there was none. */
export function AsksFromThenOn({ imported: { accounts } }: { imported: Imported }) {
  const [first] = accounts; // the one that becomes an admin
  if (first === undefined || me.value?.has_accounts !== false) return null;
  return (
    <p class="notice">
      <T
        k="system.import_sign_in"
        values={{ name: <Foreign key="name" text={first} look="isolated strong" /> }}
      />
    </p>
  );
}

/** What was done, and the way back. */
export function Done({ imported: { change, accounts } }: { imported: Imported }) {
  const link = (
    <a key="changes" href={addressOf("settings")}>
      {t("system.import_changes_of_settings")}
    </a>
  );
  return (
    <p id="imported">
      <strong>{t("system.import_done")}</strong>{" "}
      {change?.number ? <T k="system.import_undo" values={{ changes: link }} /> : ""}{" "}
      {accounts.length > 0 && (
        <>
          {t("system.import_accounts_stay")} <a href={addressOf("accounts")}>{t("nav.accounts")}</a>
        </>
      )}
    </p>
  );
}

export function TakenQueries({ taken }: { taken: Schemas["LogImported"] }) {
  const { rows, counted, left_out, damaged, begins, ends, has_begun } = taken;
  const count = rows + counted;
  return (
    <p>
      {count > 0 && begins !== null && ends !== null
        ? t("system.import_queries", { count, from: moment(begins), to: moment(ends) })
        : t("system.import_no_queries")}{" "}
      {counted > 0 && `${t("system.import_counted", { count: counted })} `}
      {left_out + damaged > 0 && `${t("system.import_lost", { count: left_out + damaged })} `}
      {has_begun && t("system.import_again")}
    </p>
  );
}
