// What counts in this browser alone.

import { choose, SCHEMES, type Scheme, scheme } from "../../parts/scheme";
import { t } from "../../words/words";

export function ThisBrowser() {
  return (
    <section class="card whole" aria-labelledby="browser-title">
      <div class="card-head">
        <h2 id="browser-title">{t("system.browser")}</h2>
        <select
          aria-label={t("system.scheme")}
          value={scheme.value}
          onChange={(event) => choose(event.currentTarget.value as Scheme)}
        >
          {SCHEMES.map((each) => (
            <option key={each} value={each}>
              {t(`system.scheme.${each}`)}
            </option>
          ))}
        </select>
      </div>
      <p class="quiet">{t("system.browser_help")}</p>
    </section>
  );
}
