// A device that has not asked yet, as a client of the settings: what it is called, and what it will be
// recognised by.

import { useSignal } from "@preact/signals";
import { addressOf } from "../../address";
import { Trouble, useDeed } from "../../parts/deed";
import { Groups } from "../../parts/groups";
import { noteChange } from "../../parts/policy/undo";
import { api, told } from "../../server/api";
import { t } from "../../words/words";
import { recognisedBy } from "./recognised";

const LONGEST = 100;

export function Adding({ onClose }: { onClose: () => void }) {
  const name = useSignal("");
  const by = useSignal("");
  const group = useSignal("");
  const isTaken = useSignal(false);
  const deed = useDeed();

  async function add(event: Event): Promise<void> {
    event.preventDefault();
    const item = name.value.trim();
    const isDone = await deed.run(async () => {
      const { items, revision } = await told(api.GET("/clients"));
      isTaken.value = items.some((each) => each.name.toLowerCase() === item.toLowerCase());
      if (isTaken.value) return;
      const value = {
        name: item,
        ...recognisedBy(by.value),
        ...(group.value && { group: group.value }),
      };
      const changes = [{ key: "clients", item, action: "set" as const, value }];
      const body = { changes, revision, note: "", dry_run: false };
      const result = await told(api.PATCH("/settings", { body }));
      noteChange(t("devices.added", { name: item }), result);
    });
    if (isDone && !isTaken.value) location.hash = addressOf("device", {}, item);
  }

  return (
    <form class="adding" onSubmit={add} aria-label={t("devices.add")}>
      <label>
        <span>{t("devices.name")}</span>
        <input
          type="text"
          maxLength={LONGEST}
          required
          value={name.value}
          onInput={(event) => {
            name.value = event.currentTarget.value;
          }}
        />
      </label>
      <label>
        <span>{t("devices.add.by")}</span>
        <input
          type="text"
          autocomplete="off"
          autocapitalize="off"
          spellcheck={false}
          maxLength={LONGEST}
          required
          placeholder="192.0.2.7"
          aria-describedby="adding-help"
          value={by.value}
          onInput={(event) => {
            by.value = event.currentTarget.value;
          }}
        />
      </label>
      <Groups chosen={group} everybody={t("devices.default_group")} label={t("devices.group")} />
      <button type="submit" class="main" disabled={deed.isBusy.value}>
        {t("devices.save")}
      </button>
      <button type="button" onClick={onClose}>
        {t("cancel")}
      </button>
      <p id="adding-help" class="quiet small">
        {t("devices.add.help")}
      </p>
      {isTaken.value && (
        <p class="error" role="alert">
          {t("devices.add.taken")}
        </p>
      )}
      <Trouble deed={deed} />
    </form>
  );
}
