// Queries over time as stacked bars: blocked below, the rest above. An SVG as wide as its place,
// with a read-out by pointer and arrow keys (to a screen reader it is a slider over moments), and
// the same numbers as a table.

import { el, svg } from "./dom.js";
import { clock, count, day, many, percent } from "./format.js";

const HEIGHT = 220;
const TOP = 10;
const BOTTOM = 24;
const LABEL_PX = 76;
const STEPS_S = [60, 300, 600, 900, 1800, 3600, 7200, 10800, 14400, 21600, 28800, 43200, 86400];
const TIME_ONLY = { timeStyle: "short" };

export class Chart {
  #root;
  #data = { series: [], step_s: 1 };
  #chosen = -1;
  #drawing = svg("svg", { "aria-hidden": "true", height: HEIGHT });
  #readout = el("output", { class: "readout", "aria-live": "off" });
  #frame;
  #table = el("table", { class: "plain" });
  #twin = el("details", { class: "twin", toggle: () => this.#fillTable() },
    el("summary", {}, "Show as a table"), el("div", { class: "scroll", tabindex: "0",
      role: "region", "aria-label": "Queries over time" }, this.#table));

  constructor(root) {
    this.#root = root;
    this.#frame = el("div", {
      class: "frame", tabindex: "0", role: "slider", "aria-valuemin": 0,
      "aria-label": "Chart of queries over time, moment",
      keydown: (event) => this.#key(event),
      pointermove: (event) => this.#point(event),
      pointerdown: (event) => this.#point(event),
      pointerleave: () => this.#choose(-1),
      blur: () => this.#choose(-1),
    }, this.#drawing);
    const legend = el("ul", { class: "legend" },
      el("li", { class: "allowed" }, "Answered"), el("li", { class: "blocked" }, "Blocked"));
    root.append(el("div", { class: "chart-head" }, legend, this.#readout), this.#frame, this.#twin);
    new ResizeObserver(() => this.#draw()).observe(this.#frame);
  }

  /** Show the series of a summary of /api/stats. */
  show(summary) {
    this.#data = summary;
    this.#root.hidden = summary.totals.queries === 0;
    this.#chosen = Math.min(this.#chosen, summary.series.length - 1);
    this.#draw();
    this.#read();
    this.#fillTable();
  }

  #geometry() {
    const { series } = this.#data;
    const width = this.#frame.clientWidth;
    const ceiling = niceCeiling(Math.max(1, ...series.map((point) => point.queries)));
    const left = 14 + 7.5 * count(ceiling).length;
    const step = (width - left) / Math.max(series.length, 1);
    const y = (value) => TOP + (HEIGHT - TOP - BOTTOM) * (1 - value / ceiling);
    return { series, width, left, step, y, ceiling };
  }

  #draw() {
    const g = this.#geometry();
    if (g.width === 0) return;
    this.#drawing.setAttribute("width", g.width);
    this.#drawing.replaceChildren(
      ...yAxis(g), ...xAxis(g, this.#data.step_s), ...bars(g), this.#cursor(g));
  }

  #cursor(g) {
    const x = g.left + this.#chosen * g.step;
    return svg("rect", { class: "cursor", x, y: TOP, width: Math.max(g.step, 2),
      height: HEIGHT - TOP - BOTTOM, visibility: this.#chosen < 0 ? "hidden" : "visible" });
  }

  #point(event) {
    const g = this.#geometry();
    const x = event.clientX - this.#frame.getBoundingClientRect().left - g.left;
    this.#choose(x < 0 ? -1 : Math.min(Math.floor(x / g.step), g.series.length - 1));
  }

  #key(event) {
    const last = this.#data.series.length - 1;
    const from = this.#chosen < 0 ? last + (event.key === "ArrowLeft" ? 1 : 0) : this.#chosen;
    const to = { ArrowLeft: from - 1, ArrowRight: from + 1, Home: 0, End: last, Escape: -1 };
    if (!(event.key in to)) return;
    event.preventDefault();
    this.#choose(event.key === "Escape" ? -1 : Math.max(0, Math.min(to[event.key], last)));
  }

  #choose(index) {
    if (index === this.#chosen) return;
    this.#chosen = index;
    this.#drawing.querySelector(".cursor")?.replaceWith(this.#cursor(this.#geometry()));
    this.#read();
  }

  #read() {
    const point = this.#data.series[this.#chosen];
    const text = point ? sentence(point, this.#data.step_s) : "";
    this.#readout.textContent = text;
    this.#frame.setAttribute("aria-valuemax", Math.max(this.#data.series.length - 1, 0));
    this.#frame.setAttribute("aria-valuenow", Math.max(this.#chosen, 0));
    this.#frame.setAttribute("aria-valuetext", text || "none chosen");
  }

  #fillTable() {
    if (!this.#twin.open) return;
    const { series, step_s } = this.#data;
    const head = ["Time", "Queries", "Blocked", "From the cache"].map((text, column) =>
      el("th", { scope: "col", class: column ? "number" : "" }, text));
    const rows = series.map((point) => el("tr", {},
      el("th", { scope: "row" }, interval(point.time, step_s)),
      ...[point.queries, point.blocked, point.cached].map((number) =>
        el("td", { class: "number" }, count(number)))));
    this.#table.replaceChildren(el("thead", {}, el("tr", {}, ...head)),
      el("tbody", {}, ...rows.reverse()));
  }
}

function sentence({ time, queries, blocked }, step_s) {
  const share = queries ? ` (${percent((100 * blocked) / queries)})` : "";
  return `${interval(time, step_s)}: ${many(queries, "query", "queries")}, ` +
    `${count(blocked)} blocked${share}`;
}

function interval(time, step_s) {
  if (step_s >= 86400) return day(time);
  const end = new Intl.DateTimeFormat(undefined, TIME_ONLY).format((time + step_s) * 1000);
  return `${clock(time, TIME_ONLY)}–${end}`;
}

function bars({ series, left, step, y }) {
  const gap = step > 5 ? Math.min(2, step / 5) : 0;
  const path = (low, high) => series.map((point, index) => {
    const [bottom, top] = [y(low(point)), y(high(point))];
    if (bottom - top < 0.01) return "";
    const x = left + index * step + gap / 2;
    return `M${x.toFixed(2)} ${bottom.toFixed(2)}V${top.toFixed(2)}h${(step - gap).toFixed(2)}` +
      `V${bottom.toFixed(2)}z`;
  }).join("");
  return [
    svg("path", { class: "bar allowed", d: path((p) => p.blocked, (p) => p.queries) }),
    svg("path", { class: "bar blocked", d: path(() => 0, (p) => p.blocked) }),
  ];
}

function yAxis({ width, left, y, ceiling }) {
  return ticksOf(ceiling).flatMap((value) => [
    svg("line", { class: value ? "grid" : "base", x1: left, x2: width, y1: y(value), y2: y(value) }),
    svg("text", { x: left - 8, y: y(value) + 4, "text-anchor": "end" }, count(value)),
  ]);
}

function xAxis({ series, left, step, width }, step_s) {
  const fit = Math.max(1, Math.floor((width - left) / LABEL_PX));
  const every = STEPS_S.find((s) => s >= step_s && (series.length * step_s) / s <= fit) ??
    86400 * Math.ceil((series.length * step_s) / 86400 / fit);
  return series.flatMap(({ time }, index) => {
    const local = time - new Date(time * 1000).getTimezoneOffset() * 60;
    const x = left + index * step;
    const near = x < left + 14 || x > width - 18;
    if (near || local % every >= step_s) return [];
    return [svg("text", { x, y: HEIGHT - 6, "text-anchor": "middle" }, xLabel(time, local, every))];
  });
}

function xLabel(time, local, every) {
  const newDay = local % 86400 === 0 && every < 86400;
  return every >= 86400 || newDay
    ? day(time)
    : new Intl.DateTimeFormat(undefined, TIME_ONLY).format(time * 1000);
}

function niceCeiling(value) {
  const unit = 10 ** Math.floor(Math.log10(value));
  return [1, 1.5, 2, 3, 4, 5, 6, 8, 10].map((m) => Math.ceil(m * unit)).find((c) => c >= value);
}

function ticksOf(ceiling) {
  const parts = [4, 3, 2].find((n) => ceiling % n === 0) ?? 1;
  return Array.from({ length: parts + 1 }, (_, index) => (ceiling / parts) * index);
}
