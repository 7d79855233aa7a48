// Numbers, times and names as people read them, in the browser's own locale.

const whole = new Intl.NumberFormat();
const oneDigit = new Intl.NumberFormat(undefined, { maximumFractionDigits: 1 });
const twoDigits = new Intl.NumberFormat(undefined, { maximumSignificantDigits: 2 });
const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
const percents = new Intl.NumberFormat(undefined, {
  style: "percent", minimumFractionDigits: 1, maximumFractionDigits: 1,
});

// Everything that is not seen, or changes the order of what is: controls, bidi marks, fillers.
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\u115f\u1160\u3164\uffa0]/gu;

export const count = (number) => whole.format(number);
export const percent = (of100) => percents.format(of100 / 100);

/** "1 query", "2 queries". */
export const many = (number, one, more = `${one}s`) =>
  `${count(number)} ${number === 1 ? one : more}`;

/** A text from the network with its unseen characters written out as \u{202e}. */
export function visible(text) {
  return String(text).replace(UNSEEN, (char) => `\\u{${char.codePointAt(0).toString(16)}}`);
}

export function duration(ms) {
  if (ms == null) return "–";
  if (ms < 0.01) return "< 0.01 ms";
  if (ms < 10) return `${twoDigits.format(ms)} ms`;
  if (ms < 1000) return `${whole.format(Math.round(ms))} ms`;
  return `${oneDigit.format(ms / 1000)} s`;
}

/** A time that something took, in seconds. */
export const seconds = (time) => (time == null ? "–" : `${oneDigit.format(time)} s`);

export function size(bytes) {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let unit = 0;
  for (; bytes >= 1024 && unit < units.length - 1; unit++) bytes /= 1024;
  return `${oneDigit.format(bytes < 10 ? bytes : Math.round(bytes))} ${units[unit]}`;
}

/** How long something lasts, in its two largest units: "3 d 4 h". */
export function span(seconds) {
  const parts = [["d", 86400], ["h", 3600], ["min", 60], ["s", 1]];
  const first = parts.findIndex(([, length]) => seconds >= length);
  if (first < 0) return "0 s";
  const texts = parts.slice(first, first + 2).map(([unit, length]) => {
    const amount = Math.floor(seconds / length);
    seconds -= amount * length;
    return amount ? `${amount} ${unit}` : "";
  });
  return texts.join(" ").trim();
}

/** "5 min ago", for a time in unix seconds. */
export function ago(time) {
  const seconds = Date.now() / 1000 - time;
  if (seconds < 45) return "just now";
  for (const [unit, length] of [["day", 86400], ["hour", 3600], ["minute", 60]]) {
    if (seconds >= length) return relative.format(-Math.round(seconds / length), unit);
  }
  return "a minute ago";
}

/** A time of day, with the date in front when it was not today. */
export function clock(time, options = { timeStyle: "medium" }) {
  const then = new Date(time * 1000);
  const text = new Intl.DateTimeFormat(undefined, options).format(then);
  return then.toDateString() === new Date().toDateString()
    ? text
    : `${day(time)}, ${text}`;
}

export const day = (time) =>
  new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" }).format(
    new Date(time * 1000),
  );

/** A day that may be of another year, for a time in unix seconds. */
export const date = (time) =>
  new Intl.DateTimeFormat(undefined, { dateStyle: "medium" }).format(new Date(time * 1000));

export const PERIODS = {
  "1h": "the last hour",
  "24h": "the last 24 hours",
  "7d": "the last 7 days",
  "30d": "the last 30 days",
};
