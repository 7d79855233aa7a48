// The lists, each with how it does.

import { useSignal } from "@preact/signals";
import { ListRow } from "../../parts/list_row";
import { api, told } from "../../server/api";
import { atTheDoor, may, wordsOf } from "../../server/reach";
import { t } from "../../words/words";
import { accept as acceptHeld } from "../list/undo";
import type { Numbers } from "./numbers";

interface Given {
  readonly found: Numbers | undefined;
  /** Has everything read again. */
  readonly onChanged: () => void;
}

export function Lists({ found, onChanged }: Given) {
  const isBusy = useSignal(false);
  const result = useSignal("");
  async function attempt(doing: string, work: () => Promise<string>): Promise<void> {
    isBusy.value = true;
    result.value = `${doing}…`;
    try {
      result.value = await work();
    } catch (error) {
      result.value = t("lists.did_not", { doing, why: wordsOf(error) });
      await atTheDoor(error);
    } finally {
      isBusy.value = false;
      onChanged();
    }
  }
  const accept = (name: string) =>
    attempt(t("lists.accepting"), async () => {
      await acceptHeld(name);
      return t("lists.accepted");
    });
  return (
    <section class="card" aria-labelledby="lists-title">
      <div class="card-head">
        <h2 id="lists-title">{t("lists.title")}</h2>
        {may("lists:write") && (
          <button
            id="update"
            type="button"
            disabled={isBusy.value}
            onClick={() => attempt(t("lists.updating"), update)}
          >
            {t("lists.update")}
          </button>
        )}
      </div>
      <ul id="lists" class="states">
        {found?.lists.lists.map((list) => (
          <ListRow key={list.name} list={list} accept={accept} isBusy={isBusy.value} />
        ))}
      </ul>
      <p id="update-result" class="quiet" role="status">
        {result.value}
      </p>
    </section>
  );
}

export async function update(): Promise<string> {
  const { updated, failed } = await told(api.POST("/lists/update", { body: {} }));
  const parts = [updated ? t("lists.changed", { count: updated }) : t("lists.unchanged")];
  if (failed.length) parts.push(t("lists.failed", { count: failed.length }));
  return parts.join(" ");
}
