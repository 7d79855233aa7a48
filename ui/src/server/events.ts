// What happens, as it happens: the server's stream of events, kept open while somebody looks.
//
// By fetch and not by EventSource, as that sends no field of ours, without which the server answers no
// browser that comes without HTTPS.

import { isAborted, Refused, type Schemas, Unknown, Unreachable } from "./api";
import { attempt, forget } from "./reach";

const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 30_000;
const SILENCE_MS = 40_000; // the server says something each 15 seconds
const STREAM = "stream";

export interface Rows {
  readonly rows: readonly Schemas["LogRow"][];
  /** Rows that were lost on the way, as the reader was slow. */
  readonly missed: number;
}

/** Hear of each row of the log that `query` wants, until `signal` says so. */
export function followRows(
  query: URLSearchParams,
  onRows: (rows: Rows) => void,
  watch: Watch,
  signal: AbortSignal,
): Promise<void> {
  const wanted = new URLSearchParams([...query, ["topics", "rows"]]);
  const hear = ({ event, data }: ServerEvent) => {
    if (event === "rows") onRows(JSON.parse(data));
  };
  return follow(wanted, hear, watch, signal);
}

/** What one wants to know of the stream itself. */
export interface Watch {
  /** Each time that it stands. */
  readonly onOpen: () => void;
  /** Each time that it does no more. */
  readonly onEnd?: () => void;
}

/** Hear what `wanted` asks for, until `signal` says so; not while the tab is hidden, as a server has
 *  few places for those who listen. Begins again by itself when the server was away. */
export async function follow(
  wanted: URLSearchParams,
  hear: (event: ServerEvent) => void,
  { onOpen, onEnd }: Watch,
  signal: AbortSignal,
): Promise<void> {
  let wait = FIRST_WAIT_MS;
  while (!signal.aborted) {
    const seen = whileSeen(signal);
    await attempt(STREAM, async () => {
      const stream = await open(wanted, seen);
      wait = FIRST_WAIT_MS;
      forget(STREAM);
      onOpen();
      for await (const event of eventsOf(stream)) hear(event);
    });
    onEnd?.();
    if (seen.aborted) await untilSeen(signal);
    else await pause(wait, signal);
    wait = Math.min(wait * 2, LONGEST_WAIT_MS);
  }
  forget(STREAM);
}

/** Ends with the signal, and when the tab is hidden. */
function whileSeen(signal: AbortSignal): AbortSignal {
  const hidden = new AbortController();
  const look = () => {
    if (document.hidden) hidden.abort();
  };
  const both = AbortSignal.any([signal, hidden.signal]);
  document.addEventListener("visibilitychange", look, { signal: both });
  look();
  return both;
}

const untilSeen = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const look = () => {
      if (!document.hidden || signal.aborted) resolve();
    };
    document.addEventListener("visibilitychange", look, { signal });
    signal.addEventListener("abort", look);
    look();
  });

async function open(query: URLSearchParams, signal: AbortSignal): Promise<ReadableStream<string>> {
  let response: Response;
  try {
    const headers = { "X-Requested-With": "sinkhole" };
    response = await fetch(`api/v1/events?${query}`, { headers, signal });
  } catch (error) {
    if (isAborted(error)) throw error;
    throw new Unreachable(String(error));
  }
  if (response.ok && response.body) return response.body.pipeThrough(new TextDecoderStream());
  const { detail = "", code } = await response.json().catch(() => ({}));
  const kind = response.status === 401 ? Unknown : Refused;
  throw new kind(detail || `HTTP ${response.status}`, code);
}

export interface ServerEvent {
  readonly event: string;
  readonly data: string;
}

/** The events of a stream (HTML, §9.2.6), comments left out. Throws Unreachable when it breaks. */
export async function* eventsOf(stream: ReadableStream<string>): AsyncGenerator<ServerEvent> {
  const reader = stream.getReader();
  let rest = "";
  try {
    while (true) {
      const { value, done } = await heard(reader);
      if (done) return;
      const blocks = (rest + value).split("\n\n");
      rest = blocks.pop() ?? "";
      yield* blocks.map(eventOf).filter((each) => each.data !== "");
    }
  } catch (error) {
    if (isAborted(error)) throw error;
    throw new Unreachable(String(error));
  } finally {
    reader.cancel().catch(() => undefined); // it has ended anyway
  }
}

/** What comes next; Unreachable when it has been silent for too long to be there. */
async function heard(reader: ReadableStreamDefaultReader<string>) {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const silence = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Unreachable("silence")), SILENCE_MS);
  });
  try {
    return await Promise.race([reader.read(), silence]);
  } finally {
    clearTimeout(timer);
  }
}

function eventOf(block: string): ServerEvent {
  const found = { event: "message", data: "" };
  for (const line of block.split("\n")) {
    const [, field, value = ""] = /^(\w+): ?(.*)$/.exec(line) ?? [];
    if (field === "event") found.event = value;
    if (field === "data") found.data += found.data ? `\n${value}` : value;
  }
  return found;
}

const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });
