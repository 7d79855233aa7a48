// What the test box asks, which stands in the address too: links lead to it, and it can be kept.

import { type Signal, useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { place, rewrite } from "../../address";
import { TYPING_MS } from "../../parts/asked";

export const FIELDS = ["name", "type", "client", "at"] as const;

export type AskedAbout = Readonly<Record<(typeof FIELDS)[number], string>>;

export function askedIn(query: URLSearchParams): AskedAbout {
  const found = FIELDS.map((field) => [field, query.get(field) ?? ""]);
  return { ...Object.fromEntries(found), type: query.get("type") || "A" } as AskedAbout;
}

/** What is asked, first what the address says; what is typed is written into it by and by. */
export function useAskedAbout(): Signal<AskedAbout> {
  const asked = useSignal(askedIn(place.value.query));
  const written = useRef(JSON.stringify(asked.value));
  const inAddress = JSON.stringify(askedIn(place.value.query));
  useEffect(() => {
    if (inAddress === written.current) return;
    written.current = inAddress; // somebody followed a link
    asked.value = JSON.parse(inAddress);
  }, [inAddress, asked]);
  const typed = JSON.stringify(asked.value);
  useEffect(() => {
    if (typed === written.current) return;
    const timer = setTimeout(() => {
      written.current = typed;
      const { type, ...others } = JSON.parse(typed) as AskedAbout;
      rewrite({ ...others, type: type === "A" ? "" : type });
    }, TYPING_MS);
    return () => clearTimeout(timer);
  }, [typed]);
  return asked;
}
