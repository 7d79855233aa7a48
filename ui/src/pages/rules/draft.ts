// The own rules as somebody types them, kept while other pages are looked at.

import { signal } from "@preact/signals";
import { merged, textOf } from "./changes";

/** null while nothing is typed that is not saved. */
export const draft = signal<string | null>(null);

/** The rules that the draft began with, or those of the server where there is none. */
export const base = signal<readonly string[]>([]);

/** Whether what is typed differs from what is saved, by which the server goes. */
export const isUnsaved = (): boolean => draft.value !== null && draft.value !== textOf(base.value);

/** Take what the server has now, also under what is being typed. */
export function adopt(rules: readonly string[]): void {
  if (rules.join("\n") === base.value.join("\n")) return;
  if (draft.value !== null) draft.value = merged(base.value, rules, draft.value);
  base.value = rules;
}

/** Put a rule below what is there, to be looked at before it is saved. */
export function propose(rules: readonly string[]): void {
  const text = draft.value ?? textOf(base.value);
  draft.value = `${text === "" || text.endsWith("\n") ? text : `${text}\n`}${textOf(rules)}`;
}
