// Putting a client into another group: done at once, as it is taken back with one click.

import { api, told } from "../../server/api";
import { t } from "../../words/words";
import { itemOf, saidBy } from "./known";
import { saying } from "./traits";
import { noteChange } from "./undo";

/** Who is in no group goes by what this one says. */
export const DEFAULT = "default";

/** Has a client be in a group in place of the one it is in, whatever else is said of it by now. */
export async function moveTo(name: string, group: string): Promise<void> {
  const { items, revision } = await told(api.GET("/clients"));
  const value = saying(saidBy(itemOf(items, name)), "group", group === DEFAULT ? undefined : group);
  const changes = [{ key: "clients", item: name, action: "set" as const, value }];
  const body = { changes, revision, note: "", dry_run: false };
  const where = group === DEFAULT ? t("groups.everybody_else") : group;
  const text = t("groups.moved", { name, group: where });
  noteChange(text, await told(api.PATCH("/settings", { body })));
}
