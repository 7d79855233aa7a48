// Taking back what was done about a list.

import { signal } from "@preact/signals";
import type { List } from "../../parts/list_row";
import { api, told } from "../../server/api";
import { may } from "../../server/reach";
import { visible } from "../../words/format";
import { t } from "../../words/words";

const KEY = "filtering.lists";
const MASKED = "***";

export interface Done {
  /** What was done, in words. */
  readonly text: string;
  /** Takes it back; null where that can't be done by who is signed in. */
  readonly undo: (() => Promise<unknown>) | null;
}

/** What was done last; it stays while one goes from page to page, until something else is done. */
export const done = signal<Done | null>(null);

/** Use the version of a list that is held back; where there was one before, that can be taken back. */
export async function accept(name: string): Promise<void> {
  const params = { path: { name } };
  await told(api.POST("/lists/{name}/accept", { params, body: {} }));
  const { can_roll_back } = await told(api.GET("/lists/{name}/versions", { params }));
  const text = t("list.done.accepted", { name: visible(name) });
  const undo = () => told(api.POST("/lists/{name}/rollback", { params, body: {} }));
  done.value = can_roll_back ? { text, undo } : null;
}

/** Use the version before. What was done last is told no more: it may say that the other is in use. */
export async function rollBack(name: string): Promise<void> {
  const params = { path: { name } };
  await told(api.POST("/lists/{name}/rollback", { params, body: {} }));
  done.value = null;
}

/** Remove a list; what puts it back as it was. */
export async function remove(list: List): Promise<Done["undo"]> {
  await told(api.DELETE("/lists/{name}", { params: { path: { name: list.name } } }));
  if (!may("settings:write")) return list.url.includes(MASKED) ? null : () => addAgain(list);
  const query = { limit: 1 };
  const { revisions } = await told(api.GET("/settings/revisions", { params: { query } }));
  const [last] = revisions;
  const isOurs = last?.changes.some(
    ({ key, item }) => key === KEY && item.toLowerCase() === list.name.toLowerCase(),
  );
  if (!last || !isOurs) return null; // somebody else was quicker
  const path = { number: last.number };
  return () =>
    told(
      api.POST("/settings/revisions/{number}/undo", { params: { path }, body: { dry_run: false } }),
    );
}

async function addAgain({ name, url, kind, enabled }: List): Promise<void> {
  await told(api.POST("/lists", { body: { source: url, name, kind } }));
  if (enabled) return;
  const params = { path: { name } };
  await told(api.PATCH("/lists/{name}", { params, body: { enabled: false } }));
}

/** Change something about a list; what changes it back. */
export async function change(
  list: List,
  wanted: { enabled?: boolean; rename?: string; kind?: List["kind"] },
): Promise<Done["undo"]> {
  const { name, enabled, kind } = list;
  await told(api.PATCH("/lists/{name}", { params: { path: { name } }, body: wanted }));
  const path = { name: wanted.rename ?? name };
  const back = wanted.rename === undefined ? { enabled, kind } : { rename: name };
  return () => told(api.PATCH("/lists/{name}", { params: { path }, body: back }));
}
