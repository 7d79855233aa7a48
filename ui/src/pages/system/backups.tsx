// Backups: made, listed, taken away, removed, and put in place of what there is.

import { useSignal } from "@preact/signals";
import { Trouble, useDeed } from "../../parts/deed";
import { download } from "../../parts/download";
import { Foreign } from "../../parts/foreign";
import { Sure } from "../../parts/sure";
import { api, type Schemas, told } from "../../server/api";
import { usePolled } from "../../server/polled";
import { may } from "../../server/reach";
import { moment, size } from "../../words/format";
import { type Key, t } from "../../words/words";
import { Restore } from "./restore";

type Backup = Schemas["BackupEntry"];

export function Backups() {
  const read = (signal: AbortSignal) => told(api.GET("/backups", { signal }));
  const polled = usePolled("backups", read, null);
  const backups = polled.last.value?.backups;
  /** What is to be restored: a name of a kept one. */
  const wanted = useSignal("");
  return (
    <section class="card whole" aria-labelledby="backups-title">
      <div class="card-head">
        <h2 id="backups-title">{t("system.backups")}</h2>
        <Make onMade={polled.now} />
      </div>
      <p class="quiet">{t("system.backups_about")}</p>
      {backups?.length === 0 && <p>{t("system.no_backups")}</p>}
      <ul id="backups" class="rules">
        {backups?.map((backup) => (
          <Row
            key={backup.name}
            backup={backup}
            onRestore={() => {
              wanted.value = backup.name;
            }}
            onRemoved={polled.now}
          />
        ))}
      </ul>
      {may("backup:write") && <Restore kept={wanted} onRestored={polled.now} />}
    </section>
  );
}

function Make({ onMade }: { onMade: () => void }) {
  const deed = useDeed(onMade);
  const withLog = useSignal(false);
  return (
    <div class="choices">
      <label class="check">
        <input
          type="checkbox"
          checked={withLog.value}
          onChange={(event) => {
            withLog.value = event.currentTarget.checked;
          }}
        />
        {t("system.with_log")}
      </label>
      <button
        type="button"
        class="main"
        disabled={deed.isBusy.value}
        onClick={() =>
          deed.run(() => told(api.POST("/backups", { body: { with_log: withLog.value } })))
        }
      >
        {t(deed.isBusy.value ? "system.making" : "system.make_backup")}
      </button>
      <Trouble deed={deed} />
    </div>
  );
}

interface RowGiven {
  readonly backup: Backup;
  readonly onRestore: () => void;
  readonly onRemoved: () => void;
}

function Row({ backup: { name, made, reason, size_bytes }, onRestore, onRemoved }: RowGiven) {
  const deed = useDeed();
  const when = moment(made);
  const remove = async (): Promise<void> => {
    const path = { name };
    const done = await deed.run(() => told(api.DELETE("/backups/{name}", { params: { path } })));
    if (done) onRemoved();
  };
  return (
    <li>
      <span>
        <strong>{when}</strong> · {t(`system.reason.${reason}` as Key)} · {size(size_bytes)}
        <div class="quiet">
          <Foreign text={name} look="rule" />
        </div>
        <Trouble deed={deed} />
      </span>
      <span class="choices">
        <button
          type="button"
          aria-label={`${t("system.download")}: ${when}`}
          disabled={deed.isBusy.value}
          onClick={() => deed.run(() => download(`backups/${encodeURIComponent(name)}`, name))}
        >
          {t("system.download")}
        </button>
        {may("backup:write") && (
          <>
            <button
              type="button"
              aria-label={`${t("system.restore")}: ${when}`}
              onClick={onRestore}
            >
              {t("system.restore")}
            </button>
            <Sure
              label={t("lists.remove")}
              name={`${t("lists.remove")}: ${when}`}
              disabled={deed.isBusy.value}
              onSure={remove}
            />
          </>
        )}
      </span>
    </li>
  );
}
