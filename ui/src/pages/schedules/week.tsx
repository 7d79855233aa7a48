// A week as a drawing: a row a day, the hours across; what is open is a bar. Bars are buttons: by arrow
// keys they move, with Shift they grow, Enter opens the form. Beside it the same as a table.

import { t } from "../../words/words";
import { dayName } from "./days";
import {
  DAY_MIN,
  DAYS,
  moved,
  type Opening,
  type Stretch,
  stretched,
  stretchesOf,
  textOf,
  timeOf,
} from "./windows";
import "./schedules.css";

const STEP_MIN = 15;
const HOURS = [0, 6, 12, 18, 24];

interface Given {
  readonly name: string;
  readonly openings: readonly Opening[];
  /** Changes one of them; without it nothing can be changed. */
  readonly onChange?: ((index: number, opening: Opening | null) => void) | undefined;
  readonly onChoose?: ((index: number) => void) | undefined;
}

export function Week({ name, openings, onChange, onChoose }: Given) {
  const bars = openings.flatMap((opening, index) =>
    stretchesOf(opening).map((stretch, at) => ({ index, opening, stretch, isFirst: at === 0 })),
  );
  function onKey(event: KeyboardEvent, index: number, opening: Opening): void {
    const by = { ArrowLeft: -STEP_MIN, ArrowRight: STEP_MIN }[event.key];
    if (by !== undefined) {
      event.preventDefault();
      onChange?.(index, event.shiftKey ? stretched(opening, by) : moved(opening, by));
    } else if (event.key === "Delete" || event.key === "Backspace") {
      event.preventDefault();
      onChange?.(index, null);
    }
  }
  return (
    <section class="week" aria-label={t("schedules.week_of", { name })}>
      <div class="hours" aria-hidden="true">
        {HOURS.map((hour) => (
          <span key={hour} style={{ left: `${(100 * hour) / 24}%` }}>
            {hour}
          </span>
        ))}
      </div>
      {DAYS.map((_, at) => (
        <div key={dayName(at)} class="day">
          <span class="day-name" aria-hidden="true">
            {dayName(at)}
          </span>
          <div class="track">
            {bars
              .filter(({ stretch }) => stretch.day === at)
              .map(({ index, opening, stretch, isFirst }) =>
                onChange && isFirst ? (
                  <button
                    key={`${index} ${stretch.isRest}`}
                    type="button"
                    class="bar"
                    style={placeOf(stretch)}
                    aria-label={t("schedules.window", { text: inWords(opening) })}
                    title={textOf(opening)}
                    onKeyDown={(event) => onKey(event, index, opening)}
                    onClick={() => onChoose?.(index)}
                  />
                ) : (
                  <span
                    key={`${index} ${stretch.isRest}`}
                    class="bar"
                    style={placeOf(stretch)}
                    title={textOf(opening)}
                  />
                ),
              )}
          </div>
        </div>
      ))}
      <Twin name={name} openings={openings} />
    </section>
  );
}

const placeOf = ({ from, until }: Stretch) => ({
  left: `${(100 * from) / DAY_MIN}%`,
  width: `${(100 * (until - from)) / DAY_MIN}%`,
});

function Twin({ name, openings }: Pick<Given, "name" | "openings">) {
  const stretches = openings.flatMap(stretchesOf);
  return (
    <details class="twin">
      <summary>{t("chart.as_table")}</summary>
      <table class="plain">
        <caption class="unseen">{t("schedules.week_of", { name })}</caption>
        <thead>
          <tr>
            <th scope="col">{t("schedules.day")}</th>
            <th scope="col">{t("schedules.open")}</th>
          </tr>
        </thead>
        <tbody>
          {DAYS.map((_, at) => (
            <tr key={dayName(at)}>
              <th scope="row">{dayName(at, "long")}</th>
              <td>
                {stretches
                  .filter(({ day: of }) => of === at)
                  .sort((one, other) => one.from - other.from)
                  .map(({ from, until }) => `${timeOf(from)}–${timeOf(until)}`)
                  .join(", ") || "–"}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </details>
  );
}

/** "Mon, Tue 21:00–07:00, on the next day" */
export function inWords(opening: Opening): string {
  const { days, from, until } = opening;
  const named = DAYS.flatMap((_, at) => (days[at] ? [dayName(at)] : []));
  const which = named.length === 7 ? t("schedules.daily") : named.join(", ");
  const hours = `${timeOf(from)}–${timeOf(until)}`;
  const isNext = until <= from && until > 0;
  return t(isNext ? "schedules.over_night" : "schedules.in_a_day", { days: which, hours });
}
