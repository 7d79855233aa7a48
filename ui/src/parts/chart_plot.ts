// The drawing of a chart: bars by uPlot, in the colours of the page, drawn over by mouse or finger.

import uPlot from "uplot";
import { count } from "../words/format";
import { axisTime, type Marked, NOTHING, type Point, type Series } from "./chart_words";

export const HEIGHT_PX = 220;
/** What is drawn over less than that was a click. */
const LEAST_PX = 8;

/** What is told of who points at it. */
export interface Pointing {
  /** Some steps are pointed at. */
  readonly onMark: (marked: Marked) => void;
  /** Some were drawn over, and let go. */
  readonly onDrawn: (marked: Marked) => void;
}

export function columns(series: readonly Point[]): uPlot.AlignedData {
  return [
    series.map(({ time }) => time),
    series.map(({ queries }) => queries),
    series.map(({ blocked }) => blocked),
  ];
}

/** Show which steps are marked. */
export function showMarked(plot: uPlot, { step_s, series }: Series, { from, to }: Marked): void {
  const [first, last] = [series[Math.min(from, to)], series[Math.max(from, to)]];
  if (!first || !last || from === to) {
    plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    return;
  }
  const left = plot.valToPos(first.time, "x");
  const width = plot.valToPos(last.time + step_s, "x") - left;
  plot.setSelect({ left, top: 0, width, height: plot.over.clientHeight }, false);
}

export function optionsOf(
  frame: HTMLElement,
  data: { readonly current: Series },
  pointing: Pointing,
): uPlot.Options {
  const style = getComputedStyle(frame);
  const colour = (name: string): string => colourOf(frame, name);
  const font = `12px ${style.fontFamily}`;
  const bars = uPlot.paths.bars?.({ size: [0.82, 40], align: 1 });
  const axis = { stroke: colour("quiet"), font, ticks: { show: false } };
  const bar = (name: string): uPlot.Series => ({
    fill: colour(name),
    width: 0,
    points: { show: false },
    ...(bars && { paths: bars }),
  });
  return {
    width: frame.clientWidth,
    height: HEIGHT_PX,
    legend: { show: false },
    padding: [10, 18, 0, 0],
    scales: {
      x: { time: true, range: (_, low, high) => [low, high + data.current.step_s] },
      y: { range: (_, __, most) => [0, Math.max(most, 1) * 1.04] },
    },
    axes: [
      {
        ...axis,
        grid: { show: false },
        space: 76,
        size: 28,
        values: (_, splits) => splits.map(axisTime),
      },
      {
        ...axis,
        grid: { stroke: colour("edge"), width: 1 },
        incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 1e6, 1e7],
        size: (_, values) => 14 + 7.5 * Math.max(...(values ?? [""]).map((each) => each.length)),
        values: (_, splits) => splits.map((each) => count(each)),
      },
    ],
    series: [{}, bar("accent-fill"), bar("blocked-fill")],
    cursor: {
      y: false,
      points: { show: false },
      drag: { x: true, y: false, setScale: false },
      dataIdx: (plot, _, __, x) => indexAt(data.current, plot.posToVal(plot.valToPos(x, "x"), "x")),
    },
    hooks: {
      ready: [(plot) => drawnByFinger(plot, data, pointing)],
      setCursor: [
        ({ cursor }) => {
          const isOver = cursor.left !== undefined && cursor.left !== null && cursor.left >= 0;
          const at = isOver ? (cursor.idx ?? -1) : -1;
          pointing.onMark(at < 0 ? NOTHING : { from: at, to: at });
        },
      ],
      setSelect: [
        (plot) => {
          const { left, width } = plot.select;
          if (width < LEAST_PX) return;
          pointing.onDrawn(between(plot, data.current, left, left + width));
        },
      ],
    },
  };
}

/** A finger draws as a mouse does, but that up and down go on scrolling the page. */
function drawnByFinger(
  plot: uPlot,
  data: { readonly current: Series },
  { onMark, onDrawn }: Pointing,
): void {
  const { over } = plot;
  let begun: number | null = null;
  const at = ({ clientX }: PointerEvent): number => clientX - over.getBoundingClientRect().left;
  over.addEventListener("pointerdown", (event) => {
    if (event.pointerType === "touch") begun = at(event);
  });
  over.addEventListener("pointermove", (event) => {
    if (begun === null || event.pointerType !== "touch") return;
    const marked = between(plot, data.current, begun, at(event));
    showMarked(plot, data.current, marked);
    onMark(marked);
  });
  over.addEventListener("pointerup", (event) => {
    if (begun === null) return;
    const [from, to] = [begun, at(event)];
    begun = null;
    if (Math.abs(to - from) >= LEAST_PX) onDrawn(between(plot, data.current, from, to));
  });
  over.addEventListener("pointercancel", () => {
    begun = null;
  });
}

function between(plot: uPlot, data: Series, one: number, other: number): Marked {
  const index = (left: number): number => indexAt(data, plot.posToVal(left, "x"));
  return { from: index(Math.min(one, other)), to: index(Math.max(one, other) - 1) };
}

/** Which step a moment is in. */
function indexAt({ series, step_s }: Series, time: number): number {
  const first = series[0]?.time ?? 0;
  return Math.max(0, Math.min(Math.floor((time - first) / step_s), series.length - 1));
}

/** A colour of the styles as it is in the present scheme; a canvas knows no variables. */
function colourOf(frame: HTMLElement, name: string): string {
  const probe = frame.appendChild(document.createElement("i"));
  probe.style.color = `var(--${name})`;
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}
