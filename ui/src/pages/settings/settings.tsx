// Every setting: what it is, who said so, and another value for it; looked at whole before it counts.
// What is looked for stands in the address.

import { place, rewrite } from "../../address";
import { Review } from "../../parts/review";
import { api, told } from "../../server/api";
import { usePolled } from "../../server/polled";
import { type Files, useMore } from "../../words/more";
import { isKey, t } from "../../words/words";
import { discard, draft, drafts } from "./drafts";
import { Field } from "./field";
import { History } from "./history";
import { inWords, type Meanings } from "./meanings";
import { partOf, type Setting, sectionsOf } from "./sections";
import "./settings.css";

const files: Files<Meanings> = import.meta.glob<{ default: Meanings }>(
  "../../words/settings/*.json",
);

export default function Settings() {
  const read = (signal: AbortSignal) => told(api.GET("/settings", { signal }));
  const polled = usePolled("settings", read, null);
  const words = useMore(files);
  const found = polled.last.value;
  const drafted = drafts();
  const settings = inWords(found?.settings ?? [], words);
  const wanted = place.value.query.get("search") ?? "";
  const sections = sectionsOf(settings, wanted, titleOf);
  return (
    <>
      <section class="card" aria-labelledby="settings-title">
        <div class="card-head">
          <h1 id="settings-title">{t("nav.settings")}</h1>
          <input
            id="settings-search"
            type="search"
            aria-label={t("settings.search")}
            placeholder={t("settings.search")}
            value={wanted}
            onInput={(event) => rewrite({ search: event.currentTarget.value })}
          />
        </div>
        {found && sections.length === 0 && <p>{t("settings.none_fits")}</p>}
        {sections.map(([section, each]) => (
          <Section key={section} section={section} settings={each} isOpen={wanted !== ""} />
        ))}
      </section>
      {drafted.size > 0 && found && (
        <Review
          changes={[...drafted.values()]}
          revision={found.revision}
          onSaved={async () => {
            await polled.now();
            discard(drafted);
          }}
          onOld={polled.now}
          onDiscard={() => discard()}
        />
      )}
      <History revision={found?.revision ?? ""} settings={settings} onUndone={polled.now} />
    </>
  );
}

interface SectionGiven {
  readonly section: string;
  readonly settings: readonly Setting[];
  readonly isOpen: boolean;
}

function Section({ section, settings, isOpen }: SectionGiven) {
  const changed = settings.filter(({ key }) => drafts().has(key)).length;
  return (
    <details class="section" open={isOpen || changed > 0}>
      <summary>
        <h2>{titleOf(section)}</h2>{" "}
        <span class="quiet">{t("settings.count", { count: settings.length })}</span>
      </summary>
      {settings.map((setting, index) => (
        <div key={setting.key}>
          <Part part={partOf(setting.key)} before={partOf(settings[index - 1]?.key ?? "")} />
          <Field
            setting={setting}
            change={drafts().get(setting.key) ?? null}
            onChange={(change) => draft(setting.key, change)}
          />
        </div>
      ))}
    </details>
  );
}

/** What the next settings are about together, where that begins. */
function Part({ part, before }: { part: string; before: string }) {
  return part === "" || part === before ? null : <h3>{titleOf(part)}</h3>;
}

/** What a section is called, or a part of one. */
function titleOf(of: string): string {
  const key = [`settings.section.${of}`, `settings.part.${of}`].find(isKey);
  return key && isKey(key) ? t(key) : of;
}
