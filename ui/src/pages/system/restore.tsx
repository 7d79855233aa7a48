// A backup put in place of what there is: checked first, and what that says before anything is done.

import { type Signal, useSignal } from "@preact/signals";
import { Fragment } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { Trouble, useDeed } from "../../parts/deed";
import { Foreign, Listed } from "../../parts/foreign";
import { api, type Schemas, told } from "../../server/api";
import { moment } from "../../words/format";
import { t } from "../../words/words";

type Restored = Schemas["Restored"];

interface How {
  readonly with_settings_file: boolean;
  readonly with_log: boolean;
  readonly dry_run: boolean;
}

interface Given {
  /** The name of a kept one; "" for a file of one's own. */
  readonly kept: Signal<string>;
  readonly onRestored: () => void;
}

export function Restore({ kept, onRestored }: Given) {
  const file = useSignal<File | null>(null);
  const withFile = useSignal(false);
  const withLog = useSignal(false);
  const found = useSignal<Restored | null>(null);
  const deed = useDeed();
  const root = useRef<HTMLDivElement>(null);
  const chosen = kept.value || file.value;

  useEffect(() => {
    found.value = null;
    if (kept.value) root.current?.focus();
  }, [kept.value, found]);

  const run = (isDry: boolean) =>
    deed.run(async () => {
      found.value = null;
      const how = {
        with_settings_file: withFile.value,
        with_log: withLog.value,
        dry_run: isDry,
      };
      found.value = await restored(kept.value, file.value, how);
      if (!isDry) onRestored();
    });
  function choose(event: { readonly currentTarget: HTMLInputElement }): void {
    file.value = event.currentTarget.files?.[0] ?? null;
    kept.value = "";
    found.value = null;
  }
  return (
    <div id="restore" class="deleting" ref={root} tabIndex={-1}>
      <h3>{t("system.restore_title")}</h3>
      {kept.value ? (
        <p class="choices">
          <Foreign text={kept.value} look="rule" />
          <button
            type="button"
            onClick={() => {
              kept.value = "";
            }}
          >
            {t("system.another")}
          </button>
        </p>
      ) : (
        <label class="row">
          <span>{t("system.backup_file")}</span>
          <input type="file" accept=".zip,application/zip" onChange={choose} />
        </label>
      )}
      <Options withFile={withFile} withLog={withLog} onChange={() => (found.value = null)} />
      <div class="choices">
        <button type="button" disabled={!chosen || deed.isBusy.value} onClick={() => run(true)}>
          {t(deed.isBusy.value ? "system.checking" : "system.check")}
        </button>
      </div>
      <Trouble deed={deed} />
      <div role="status">
        {found.value && (
          <>
            <Told restored={found.value} />
            {found.value.dry_run ? (
              <div class="choices">
                <button
                  type="button"
                  class="main"
                  disabled={deed.isBusy.value}
                  onClick={() => run(false)}
                >
                  {t("system.restore_now")}
                </button>
                <span class="quiet">{t("system.kept_before")}</span>
              </div>
            ) : (
              <p id="restored">
                <strong>{t("system.restored")}</strong>{" "}
                {found.value.kept && (
                  <>
                    {t("system.before_is")} <Foreign text={found.value.kept} look="rule" />
                  </>
                )}
              </p>
            )}
          </>
        )}
      </div>
    </div>
  );
}

interface OptionsGiven {
  readonly withFile: Signal<boolean>;
  readonly withLog: Signal<boolean>;
  readonly onChange: () => void;
}

function Options({ withFile, withLog, onChange }: OptionsGiven) {
  const options = [
    [withFile, t("system.with_settings_file")],
    [withLog, t("system.with_log")],
  ] as const;
  return (
    <div class="choices">
      {options.map(([wanted, label]) => (
        <label key={label} class="check">
          <input
            type="checkbox"
            checked={wanted.value}
            onChange={(event) => {
              wanted.value = event.currentTarget.checked;
              onChange();
            }}
          />
          {label}
        </label>
      ))}
    </div>
  );
}

/** What a backup has and what comes of it. */
function Told({ restored: told_ }: { restored: Restored }) {
  const { made, sinkhole, accounts, tokens, log, returned, settings_files, waits } = told_;
  const facts: [string, preact.ComponentChildren][] = [
    [t("system.made"), `${moment(made)} · sinkhole ${sinkhole}`],
    [t("system.has"), t("system.has_accounts", { accounts, tokens })],
    [t("server.log"), t(log ? "system.has_log" : "system.has_no_log")],
  ];
  if (settings_files.length > 0) {
    const places = settings_files.map(({ origin, path, is_in_place }) =>
      path ? `${path}${is_in_place ? "" : ` (${t("system.to_read")})`}` : origin,
    );
    facts.push([t("system.settings_files"), <Listed key="files" texts={places} />]);
  }
  if (waits.length > 0) facts.push([t("settings.waits"), <Listed key="waits" texts={waits} />]);
  return (
    <>
      <dl class="facts">
        {facts.map(([term, value]) => (
          <Fragment key={term}>
            <dt>{term}</dt>
            <dd>{value}</dd>
          </Fragment>
        ))}
      </dl>
      {returned.length > 0 && (
        <p class="error">
          {t("system.returned", { count: returned.length })} <Listed texts={returned} />
        </p>
      )}
    </>
  );
}

function restored(kept: string, file: File | null, how: How): Promise<Restored> {
  if (kept) {
    const path = { name: kept };
    return told(api.POST("/backups/{name}/restore", { params: { path }, body: how }));
  }
  return told(
    api.POST("/restore", {
      params: { query: how },
      body: file,
      bodySerializer: (body) => body as Blob,
      headers: { "Content-Type": "application/octet-stream" },
    }),
  );
}
