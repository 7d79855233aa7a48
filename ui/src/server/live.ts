// What changes in the house while somebody looks: one stream for all of a page, told by topic. What
// is told is enough to see that something is another; who shows more of it reads it anew.

import { type ReadonlySignal, useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { Schemas } from "./api";
import { follow, type Rows } from "./events";
import { may } from "./reach";

type Permission = Schemas["Permission"];

/** Each topic of the server, and what one may to hear of it. */
const TOPICS = {
  counters: "stats:read",
  problems: "status:read",
  protection: "status:read",
  upstreams: "status:read",
  lists: "lists:read",
  rows: "log:read",
} as const satisfies Record<string, Permission>;

export type Topic = keyof typeof TOPICS;

export interface Counters {
  readonly queries: number;
  readonly outcomes: Readonly<Record<string, number>>;
}

export interface Hearing {
  readonly onCounters?: (counters: Counters) => void;
  readonly onRows?: (rows: Rows) => void;
  /** Another state than the first one that was heard; of all topics, when a stream stands again. */
  readonly onChange?: (topic: Topic | "all") => void;
}

/** Listens while the part that calls it is shown; whether the stream stands. */
export function useLive(topics: readonly Topic[], hearing: Hearing): ReadonlySignal<boolean> {
  const stands = useSignal(false);
  const ears = useRef(hearing);
  ears.current = hearing;
  const wanted = topics.filter((topic) => may(TOPICS[topic])).join(",");
  useEffect(() => {
    if (!wanted) return;
    const ended = new AbortController();
    let heard = new Set<string>();
    let times = 0;
    const watch = {
      onOpen: () => {
        heard = new Set();
        stands.value = true;
        if (times++) ears.current.onChange?.("all"); // what was missed meanwhile
      },
      onEnd: () => {
        stands.value = false;
      },
    };
    follow(
      new URLSearchParams({ topics: wanted }),
      ({ event, data }) => {
        if (event === "rows") ears.current.onRows?.(JSON.parse(data));
        else if (event === "counters") ears.current.onCounters?.(JSON.parse(data));
        else if (heard.has(event)) ears.current.onChange?.(event as Topic);
        heard.add(event);
      },
      watch,
      ended.signal,
    );
    return () => ended.abort();
  }, [wanted, stands]);
  return stands;
}
