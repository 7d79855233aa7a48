// A list tried on one's own history before it is used, for everybody or somebody.

import { type Signal, useSignal } from "@preact/signals";
import { type Deed, Trouble, useDeed } from "../../parts/deed";
import { LogEffect } from "../../parts/effect";
import { ForWhom, whose } from "../../parts/for_whom";
import { Translated } from "../../parts/foreign";
import { api, type Schemas, told } from "../../server/api";
import { t } from "../../words/words";

type Kind = Schemas["ListInfo"]["kind"];

const DAYS = 7;

interface Wanted {
  readonly source: string;
  readonly kind: Kind;
}

export interface Trial {
  readonly deed: Deed;
  readonly found: Signal<Schemas["ListPreview"] | null>;
  /** What is tried; null until somebody asks. */
  readonly wanted: Signal<Wanted | null>;
  /** For whom, as `ForWhom` has it. */
  readonly chosen: Signal<string>;
  readonly begin: (source: string, kind: Kind) => Promise<boolean>;
  readonly again: () => Promise<boolean>;
  /** Something else is chosen now: what came of the last one is not shown for it. */
  readonly forget: () => void;
}

export function useTrial(): Trial {
  const deed = useDeed();
  const found = useSignal<Trial["found"]["value"]>(null);
  const chosen = useSignal("");
  const wanted = useSignal<Wanted | null>(null);
  const again = () =>
    deed.run(async () => {
      const tried = wanted.value;
      if (tried === null) return;
      const body = { ...tried, days: DAYS, ...whose(chosen.value) };
      const preview = await told(api.POST("/lists/preview", { body }));
      if (wanted.value === tried) found.value = preview;
    });
  const begin = (source: string, kind: Kind) => {
    wanted.value = { source, kind };
    found.value = null;
    return again();
  };
  const forget = () => {
    wanted.value = null;
    found.value = null;
  };
  return { deed, wanted, found, chosen, begin, again, forget };
}

/** What it would do; nothing until somebody asks. */
export function Tried({ trial }: { trial: Trial }) {
  const { deed, wanted, found, chosen, again } = trial;
  const isBusy = deed.isBusy.value;
  if (wanted.value === null) return null;
  if (!isBusy && !found.value && !deed.trouble.value) return null;
  return (
    <div class="tried">
      <Trouble deed={deed} />
      {isBusy && <p role="status">{t("catalogue.trying")}</p>}
      {found.value && <Found found={found.value} />}
      {found.value && (
        <div class="choices">
          <ForWhom id={`whom-${found.value.name}`} chosen={chosen} />
          <button type="button" disabled={isBusy} onClick={again}>
            {t("catalogue.try_for")}
          </button>
        </div>
      )}
    </div>
  );
}

function Found({
  found: { names, refused, log, log_error, suspicion },
}: {
  found: Schemas["ListPreview"];
}) {
  return (
    <div role="status" class="tried">
      <p class="quiet">
        {t("catalogue.holds", { names: t("names.count", { count: names }) })}
        {refused > 0 && ` · ${t("lists.not_understood", { count: refused })}`}
      </p>
      {log && <LogEffect found={log} />}
      {suspicion && (
        <p class="error">
          {t("catalogue.suspicious")} <Translated text={suspicion} />
        </p>
      )}
      {log_error && (
        <p class="error">
          <Translated text={log_error} />
        </p>
      )}
    </div>
  );
}
