// What the log keeps of whom and for how long, and how it is deleted.

import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { addressOf } from "../../address";
import { amountWords } from "../../parts/amount";
import { Trouble, useDeed } from "../../parts/deed";
import { Translated } from "../../parts/foreign";
import { Sure } from "../../parts/sure";
import { api, type Schemas, told } from "../../server/api";
import { usePolled } from "../../server/polled";
import { may } from "../../server/reach";
import { count, size } from "../../words/format";
import { t } from "../../words/words";

type Deleted = Schemas["Deleted"];

interface Given {
  readonly log: Schemas["LogBrief"] | null;
  readonly onDeleted: () => void;
}

export function Keeping({ log, onDeleted }: Given) {
  return (
    <section class="card" aria-labelledby="keeping-title">
      <div class="card-head">
        <h2 id="keeping-title">{t("system.keeping")}</h2>
        <a href={addressOf("settings", { search: "query_log" })}>{t("system.change_that")}</a>
      </div>
      <dl class="facts">
        {log && (
          <>
            <dt>{t("system.rows")}</dt>
            <dd>
              {count(log.rows)} · {size(log.size_bytes)}
            </dd>
          </>
        )}
        {may("settings:read") && <Terms />}
      </dl>
      {may("log:write") && <Deleting onDeleted={onDeleted} />}
    </section>
  );
}

/** How long what is kept, as the settings have it. */
function Terms() {
  const read = async (signal: AbortSignal) => {
    const found = await Promise.all(
      ["query_log", "stats"].map((below) =>
        told(api.GET("/settings", { params: { query: { below } }, signal })),
      ),
    );
    const settings = found.flatMap((each) => each.settings);
    return new Map(settings.map(({ key, value }) => [key, String(value)]));
  };
  const terms = usePolled("terms", read, null).last.value;
  if (!terms) return null;
  const value = (key: string): string => terms.get(key) ?? "";
  const privacy = value("query_log.privacy") as "full";
  return (
    <>
      <dt>{t("system.kept_for")}</dt>
      <dd>
        {t("system.kept_until", {
          time: amountWords(value("query_log.keep")),
          size: amountWords(value("query_log.max_size")),
        })}
      </dd>
      <dt>{t("system.statistics_kept_for")}</dt>
      <dd>{amountWords(value("stats.keep"))}</dd>
      <dt>{t("system.privacy")}</dt>
      <dd>{t(`settings.choice.${privacy}`)}</dd>
    </>
  );
}

function Deleting({ onDeleted }: { onDeleted: () => void }) {
  const deed = useDeed(onDeleted);
  const done = useSignal<Deleted | null>(null);
  const isReset = useSignal(false);
  async function remove(work: () => Promise<Deleted>): Promise<void> {
    done.value = null;
    isReset.value = false;
    await deed.run(async () => {
      done.value = await work();
    });
  }
  const reset = () =>
    deed.run(async () => {
      done.value = null;
      await told(api.POST("/statistics/reset", { body: {} }));
      isReset.value = true;
    });
  return (
    <div class="deleting">
      <h3>{t("system.delete")}</h3>
      <Of
        label={t("system.of_name")}
        more={t("system.and_below")}
        isBusy={deed.isBusy.value}
        onSure={(name, below) =>
          remove(() => told(api.POST("/log/delete-name", { body: { name, below } })))
        }
      />
      <Of
        label={t("system.of_client")}
        more={t("system.and_device")}
        isBusy={deed.isBusy.value}
        onSure={(client, device) =>
          remove(() => told(api.POST("/log/delete-client", { body: { client, device } })))
        }
      />
      <div class="choices">
        <Sure
          label={t("system.delete_all")}
          disabled={deed.isBusy.value}
          onSure={() => remove(() => told(api.POST("/log/delete-all", { body: {} })))}
        />
        <Sure
          label={t("system.reset_statistics")}
          ask={t("system.reset_ask")}
          disabled={deed.isBusy.value}
          onSure={reset}
        />
      </div>
      <p id="deleted" role="status">
        {deed.isBusy.value && t("system.deleting")}
        {done.value && t("system.deleted", { count: done.value.rows })}{" "}
        {done.value?.note && <Translated text={done.value.note} look="isolated quiet" />}
        {isReset.value && t("system.reset_done")}
      </p>
      <Trouble deed={deed} />
    </div>
  );
}

interface OfGiven {
  readonly label: string;
  readonly more: string;
  readonly isBusy: boolean;
  readonly onSure: (what: string, isMore: boolean) => void;
  readonly children?: ComponentChildren;
}

/** Rows of somebody or about something, and whether more is meant. */
function Of({ label, more, isBusy, onSure }: OfGiven) {
  const what = useSignal("");
  const isMore = useSignal(false);
  return (
    <div class="row">
      <input
        type="text"
        aria-label={label}
        placeholder={label}
        spellcheck={false}
        autocomplete="off"
        autocapitalize="off"
        value={what.value}
        onInput={(event) => {
          what.value = event.currentTarget.value;
        }}
      />
      <label class="check">
        <input
          type="checkbox"
          checked={isMore.value}
          onChange={(event) => {
            isMore.value = event.currentTarget.checked;
          }}
        />
        {more}
      </label>
      <Sure
        label={t("system.delete")}
        name={`${t("system.delete")}: ${label}`}
        disabled={isBusy || what.value.trim() === ""}
        onSure={() => onSure(what.value.trim(), isMore.value)}
      />
    </div>
  );
}
