// The sinkholes that share a database, for whoever shows one of them or all.

import { api, type Schemas, told } from "./api";
import { type Polled, usePolled } from "./polled";
import { may } from "./reach";

export type Node = Schemas["NodeShown"];

/** Those that are known; read once with `everyMs` null. Nothing for who may not know. */
export function useNodes(everyMs: number | null): Polled<Schemas["NodesShown"] | null> {
  const read = async (signal: AbortSignal) =>
    may("status:read") ? told(api.GET("/nodes", { signal })) : null;
  return usePolled("nodes", read, everyMs);
}

/** Their names, each once; none where there is only one. */
export function namesOf(found: Schemas["NodesShown"] | null | undefined): readonly string[] {
  const names = [...new Set(found?.nodes.map(({ name }) => name))];
  return found?.shared && names.length > 1 ? names : [];
}
