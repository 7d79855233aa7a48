// Settings of another program: looked at first, then taken over in one change that can be taken back;
// and its queries, each once.

import { type Signal, useSignal } from "@preact/signals";
import { Trouble, useDeed } from "../../parts/deed";
import { api, type Schemas, told } from "../../server/api";
import { may } from "../../server/reach";
import { t } from "../../words/words";
import { AsksFromThenOn, Done, TakenQueries, TakenSettings } from "./imported";

type Imported = Schemas["Imported"];
type LogImported = Schemas["LogImported"];
type Source = "adguardhome" | "pihole" | "blocky";

interface Found {
  readonly isDry: boolean;
  readonly settings: Imported;
  readonly queries: LogImported | null;
}

const SOURCES = [
  ["adguardhome", "AdGuard Home"],
  ["pihole", "Pi-hole"],
  ["blocky", "blocky"],
] as const;

export function Import() {
  const source = useSignal<Source>("adguardhome");
  const file = useSignal<File | null>(null);
  const log = useSignal<File | null>(null);
  const found = useSignal<Found | null>(null);
  const deed = useDeed();
  const forget = () => {
    found.value = null;
  };
  const run = (isDry: boolean) =>
    deed.run(async () => {
      const body = file.value;
      if (body === null) return;
      forget();
      const settings = await imported(source.value, body, isDry);
      const from = source.value;
      const queries =
        log.value && from !== "blocky" ? await taken(from, log.value, settings.lists, isDry) : null;
      found.value = { isDry, settings, queries };
    });
  return (
    <section id="import" class="card whole deleting" aria-labelledby="import-title">
      <div class="card-head">
        <h2 id="import-title">{t("system.import")}</h2>
      </div>
      <p class="quiet">{t("system.import_about")}</p>
      <Programs source={source} onChange={forget} />
      <Chosen label={t(`system.import_file.${source.value}`)} file={file} onChange={forget} />
      {source.value !== "blocky" && may("log:write") && (
        <Chosen label={t(`system.import_log.${source.value}`)} file={log} onChange={forget} />
      )}
      <div class="choices">
        <button type="button" disabled={!file.value || deed.isBusy.value} onClick={() => run(true)}>
          {t(deed.isBusy.value ? "system.checking" : "system.import_look")}
        </button>
      </div>
      <Trouble deed={deed} />
      <div role="status">
        {found.value && (
          <>
            <TakenSettings imported={found.value.settings} />
            {found.value.queries && <TakenQueries taken={found.value.queries} />}
            {found.value.isDry ? (
              <>
                <AsksFromThenOn imported={found.value.settings} />
                <div class="choices">
                  <button
                    type="button"
                    class="main"
                    disabled={deed.isBusy.value}
                    onClick={() => run(false)}
                  >
                    {t("system.import_now")}
                  </button>
                </div>
              </>
            ) : (
              <Done imported={found.value.settings} />
            )}
          </>
        )}
      </div>
    </section>
  );
}

function Programs({ source, onChange }: { source: Signal<Source>; onChange: () => void }) {
  return (
    <div class="choices">
      {SOURCES.map(([id, name]) => (
        <label key={id} class="check">
          <input
            type="radio"
            name="import-source"
            checked={source.value === id}
            onChange={() => {
              source.value = id;
              onChange();
            }}
          />
          {name}
        </label>
      ))}
    </div>
  );
}

interface ChosenGiven {
  readonly label: string;
  readonly file: Signal<File | null>;
  readonly onChange: () => void;
}

function Chosen({ label, file, onChange }: ChosenGiven) {
  return (
    <label class="row">
      <span>{label}</span>
      <input
        type="file"
        onChange={(event) => {
          file.value = event.currentTarget.files?.[0] ?? null;
          onChange();
        }}
      />
    </label>
  );
}

const AS_FILE = {
  bodySerializer: (body: unknown) => body as Blob,
  headers: { "Content-Type": "application/octet-stream" },
} as const;

function imported(source: Source, file: File, isDry: boolean): Promise<Imported> {
  const params = { path: { source }, query: { dry_run: isDry } };
  return told(api.POST("/imports/{source}", { params, body: file, ...AS_FILE }));
}

function taken(
  source: "adguardhome" | "pihole",
  file: File,
  lists: string[],
  isDry: boolean,
): Promise<LogImported> {
  const params = { path: { source }, query: { lists, dry_run: isDry } };
  return told(api.POST("/imports/{source}/log", { params, body: file, ...AS_FILE }));
}
