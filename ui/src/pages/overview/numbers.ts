// All that the overview shows of the server: statistics as time goes on, and how the house does when
// something of it changes. While no stream stands that would tell, it is asked more often.

import { type ReadonlySignal, useComputed, useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { api, type Schemas, told } from "../../server/api";
import { type Topic, useLive } from "../../server/live";
import { usePolled } from "../../server/polled";
import type { Row } from "../queries/filter";
import { Pace } from "./pace";
import { type Span, statisticsOf } from "./span";

const STATISTICS_MS = 15_000;
const HOUSE_MS = 60_000;
const HOUSE_UNTOLD_MS = 15_000;
const PACE_MS = 1_000;

export interface Numbers {
  readonly statistics: Schemas["Statistics"];
  readonly status: Schemas["Status"];
  readonly lists: Schemas["Lists"];
  readonly upstreams: Schemas["Upstreams"];
  readonly cache: Schemas["CacheInfo"];
}

export interface Seen {
  readonly found: Numbers | undefined;
  /** Whether what changes is told. */
  readonly isLive: boolean;
  /** Queries a minute just now; null while that is not known. */
  readonly pace: ReadonlySignal<number | null>;
  /** Reads everything anew. */
  readonly now: () => void;
}

export function useNumbers(
  span: Span,
  onRows: (rows: readonly Row[]) => void,
  onPauses: () => void,
): Seen {
  const wanted = statisticsOf(span);
  const key = JSON.stringify(wanted);
  const statistics = usePolled(
    "statistics",
    async (signal) => ({
      key,
      told: await told(api.GET("/statistics", { params: { query: wanted }, signal })),
    }),
    STATISTICS_MS,
    [key],
  );
  const pace = usePace();
  const isLive = useLive(["counters", "problems", "protection", "upstreams", "lists", "rows"], {
    onCounters: ({ queries }) => pace.note(queries),
    onRows: ({ rows }) => onRows(rows),
    onChange: (topic: Topic | "all") => {
      if (topic === "protection" || topic === "all") onPauses();
      house.now();
    },
  });
  const house = usePolled("house", readHouse, isLive.value ? HOUSE_MS : HOUSE_UNTOLD_MS);
  const last = statistics.last.value;
  const seen = useComputed(() => house.last.value);
  return {
    found: last && seen.value ? { statistics: last.told, ...seen.value } : undefined,
    isLive: isLive.value,
    pace: pace.aMinute,
    now: () => {
      statistics.now();
      house.now();
    },
  };
}

async function readHouse(signal: AbortSignal) {
  const [status, lists, upstreams, cache] = await Promise.all([
    told(api.GET("/status", { signal })),
    told(api.GET("/lists", { signal })),
    told(api.GET("/upstreams", { signal })),
    told(api.GET("/cache", { signal })),
  ]);
  return { status, lists, upstreams, cache };
}

function usePace() {
  const pace = useSignal(new Pace());
  const aMinute = useSignal<number | null>(null);
  useEffect(() => {
    const timer = setInterval(() => {
      aMinute.value = pace.value.aMinute(performance.now());
    }, PACE_MS);
    return () => clearInterval(timer);
  }, [pace, aMinute]);
  return { aMinute, note: (queries: number) => pace.value.note(queries, performance.now()) };
}

/** Whether those who are to ask are answered; not so while another program has the port. */
export const isAnswered = ({ listen, problems }: Schemas["Status"]): boolean =>
  listen.length > 0 &&
  !problems.some(({ code, severity }) => code === "listening.taken" && severity === "error");
