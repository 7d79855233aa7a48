// A chart's numbers as a table, for those who read rather than look.

import { useSignal } from "@preact/signals";
import { count } from "../words/format";
import { t } from "../words/words";
import { interval, type Series } from "./chart_words";

interface Given extends Series {
  /** Where the queries of a time are shown. */
  readonly shows?: ((since: number, until: number) => string) | undefined;
}

export function Twin({ series, step_s, shows }: Given) {
  const open = useSignal(false);
  return (
    <details
      class="twin"
      onToggle={(event) => {
        open.value = event.currentTarget.open;
      }}
    >
      <summary>{t("chart.as_table")}</summary>
      {open.value && (
        <section class="scroll" aria-label={t("chart.table")}>
          <table class="plain">
            <thead>
              <tr>
                <th scope="col">{t("chart.time")}</th>
                <th scope="col" class="number">
                  {t("overview.queries")}
                </th>
                <th scope="col" class="number">
                  {t("overview.blocked")}
                </th>
                <th scope="col" class="number">
                  {t("overview.cached")}
                </th>
              </tr>
            </thead>
            <tbody>
              {series.toReversed().map(({ time, queries, blocked, cached }) => {
                const when = interval(time, time + step_s);
                return (
                  <tr key={time}>
                    <th scope="row">
                      {shows ? <a href={shows(time, time + step_s)}>{when}</a> : when}
                    </th>
                    <td class="number">{count(queries)}</td>
                    <td class="number">{count(blocked)}</td>
                    <td class="number">{count(cached)}</td>
                  </tr>
                );
              })}
            </tbody>
          </table>
        </section>
      )}
    </details>
  );
}
