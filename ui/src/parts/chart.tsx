// Queries over time as stacked bars: blocked below, the rest above. Read by pointer and arrow keys (to
// a screen reader it is a slider over moments), narrowed by drawing over a part of it, and there as a
// table, too. Each step leads to its queries.

import { useSignal } from "@preact/signals";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { language, t } from "../words/words";
import { columns, HEIGHT_PX, optionsOf, showMarked } from "./chart_plot";
import { Twin } from "./chart_table";
import { followed, type Marked, NOTHING, type Series, sentence, timeOf } from "./chart_words";
import { scheme } from "./scheme";

export type { Series } from "./chart_words";

interface Given extends Series {
  /** Where the queries of a time are shown; without it, steps lead nowhere. */
  readonly shows?: (since: number, until: number) => string;
  /** Somebody wants to look at a part more closely. */
  readonly onZoom?: (since: number, until: number) => void;
}

export function Chart({ series, step_s, shows, onZoom }: Given) {
  const marked = useSignal(NOTHING);
  /** Whether what is marked stays when the pointer goes: by keys, or by a finger. */
  const isHeld = useSignal(false);
  const root = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const pointer = useRef("");
  const data = useRef({ series, step_s });
  data.current = { series, step_s };

  function mark(wanted: Marked, isHeldNow: boolean): void {
    marked.value = wanted;
    isHeld.value = isHeldNow;
    if (plot.current) showMarked(plot.current, data.current, wanted);
  }
  function zoom(wanted: Marked): void {
    const time = timeOf(data.current, wanted);
    mark(NOTHING, false);
    if (time) onZoom?.(...time);
  }
  const zoomed = useRef(zoom);
  zoomed.current = zoom;

  useLayoutEffect(() => {
    const frame = root.current as HTMLDivElement;
    const dark = matchMedia("(prefers-color-scheme: dark)");
    function draw(): void {
      plot.current?.destroy();
      const options = optionsOf(frame, data, {
        onMark: (wanted) => {
          if (isHeld.value && wanted.from < 0) return;
          marked.value = wanted;
          isHeld.value = pointer.current === "touch";
        },
        onDrawn: (wanted) => zoomed.current(wanted),
      });
      plot.current = new uPlot(options, columns(data.current.series), frame);
    }
    draw();
    const resized = new ResizeObserver(() =>
      plot.current?.setSize({ width: frame.clientWidth, height: HEIGHT_PX }),
    );
    resized.observe(frame);
    dark.addEventListener("change", draw);
    const spoken = language.subscribe(draw);
    const chosen = scheme.subscribe(draw);
    return () => {
      dark.removeEventListener("change", draw);
      resized.disconnect();
      spoken();
      chosen();
      plot.current?.destroy();
      plot.current = null;
    };
  }, [marked, isHeld]);

  const before = useRef(data.current);
  useEffect(() => {
    plot.current?.setData(columns(series));
    const now = { series, step_s };
    if (isHeld.value) {
      const there = followed(marked.value, before.current, now);
      marked.value = there;
      isHeld.value = there.from >= 0;
      if (plot.current) showMarked(plot.current, now, there);
    } else {
      const last = series.length - 1; // the pointer stays where it is
      const { from, to } = marked.value;
      marked.value = { from: Math.min(from, last), to: Math.min(to, last) };
    }
    before.current = now;
  }, [series, step_s, marked, isHeld]);

  function onKey(event: KeyboardEvent): void {
    const wanted = afterKey(event, marked.value, series.length - 1);
    const time = timeOf(data.current, marked.value);
    if (wanted) mark(wanted, wanted.from >= 0);
    else if (event.key === "Enter" && time && shows) location.hash = shows(...time);
    else if (event.key === "+" && time && onZoom) zoom(marked.value);
    else return;
    event.preventDefault();
  }
  function onClick(): void {
    const time = timeOf(data.current, marked.value);
    if (time && shows && pointer.current !== "touch") location.hash = shows(...time);
  }

  const text = sentence({ series, step_s }, marked.value);
  const time = timeOf({ series, step_s }, marked.value);
  return (
    <div
      id="chart"
      class="chart"
      onFocusOut={(event) => {
        if (!event.currentTarget.contains(event.relatedTarget as Node | null)) mark(NOTHING, false);
      }}
    >
      <div class="chart-head">
        <ul class="legend">
          <li class="allowed">{t("chart.answered")}</li>
          <li class="blocked">{t("chart.blocked")}</li>
        </ul>
        <output class="readout" aria-live="off">
          {text}
        </output>
      </div>
      <div
        class="frame"
        ref={root}
        tabIndex={0}
        role="slider"
        aria-label={t("chart.label")}
        aria-describedby={shows ? "chart-keys" : undefined}
        aria-valuemin={0}
        aria-valuemax={Math.max(series.length - 1, 0)}
        aria-valuenow={Math.max(marked.value.to, 0)}
        aria-valuetext={text || t("chart.none_chosen")}
        onKeyDown={onKey}
        onPointerDown={(event) => {
          pointer.current = event.pointerType;
        }}
        onPointerMove={(event) => {
          pointer.current = event.pointerType;
        }}
        onClick={onClick}
      />
      {shows && (
        <div class="chart-foot">
          {isHeld.value && time ? (
            <p class="words">
              <a href={shows(...time)}>{t("chart.show")}</a>
              {onZoom && (
                <button type="button" class="link" onClick={() => zoom(marked.value)}>
                  {t("chart.zoom")}
                </button>
              )}
            </p>
          ) : (
            <p class="quiet hint">{t("chart.hint")}</p>
          )}
          <p id="chart-keys" class="unseen">
            {t("chart.keys")}
          </p>
        </div>
      )}
      <Twin series={series} step_s={step_s} shows={shows} />
    </div>
  );
}

/** What a key marks next, of `last` + 1 steps; null for a key that marks nothing. */
function afterKey(event: KeyboardEvent, { from, to }: Marked, last: number): Marked | null {
  if (event.key === "Escape") return NOTHING;
  const at = to < 0 ? last + (event.key === "ArrowLeft" ? 1 : 0) : to;
  const wanted: Record<string, number> = {
    ArrowLeft: at - 1,
    ArrowRight: at + 1,
    Home: 0,
    End: last,
  };
  const next = wanted[event.key];
  if (next === undefined || last < 0) return null;
  const fitting = Math.max(0, Math.min(next, last));
  return { from: event.shiftKey && from >= 0 ? from : fitting, to: fitting };
}
