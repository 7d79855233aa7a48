// A log for as long as somebody looks.

import { useEffect, useMemo } from "preact/hooks";
import type { Filter } from "./filter";
import { Log } from "./log";

export function useLog(filter: Filter): Log {
  const log = useMemo(() => new Log(), []);
  const wanted = JSON.stringify(filter);
  // biome-ignore lint/correctness/useExhaustiveDependencies: `wanted` stands for `filter`
  useEffect(() => {
    const ended = new AbortController();
    log.find(filter, ended.signal);
    return () => ended.abort();
  }, [wanted]);
  return log;
}
