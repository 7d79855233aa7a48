// Choosing among well-known resolvers: who they are in plain words, and a button for each way in.

import { RESOLVERS } from "../../parts/resolvers";
import { t } from "../../words/words";

interface Given {
  readonly chosen: readonly string[];
  readonly onChoose: (url: string) => void;
}

export function WellKnown({ chosen, onChoose }: Given) {
  return (
    <details class="well-known">
      <summary>{t("network.well_known")}</summary>
      <p class="quiet help">{t("network.well_known.help")}</p>
      <ul class="devices">
        {RESOLVERS.map(({ name, words, ways }) => (
          <li key={name}>
            <div class="about">
              <p>
                <strong>{name}</strong>
              </p>
              <p class="quiet">{t(words)}</p>
            </div>
            <div class="choices">
              {ways.map(({ over, url }) => (
                <button
                  key={url}
                  type="button"
                  disabled={chosen.includes(url)}
                  aria-label={t("network.use_over", { name, transport: over })}
                  onClick={() => onChoose(url)}
                >
                  {over}
                </button>
              ))}
            </div>
          </li>
        ))}
      </ul>
    </details>
  );
}
