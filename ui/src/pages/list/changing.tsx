// Another name for a list, whether it is in use, or that it goes; and taking that back.

import { useSignal } from "@preact/signals";
import { addressOf, place } from "../../address";
import { Trouble, useDeed } from "../../parts/deed";
import type { List } from "../../parts/list_row";
import { visible } from "../../words/format";
import { t } from "../../words/words";
import { change, done, remove } from "./undo";

export function Changing({ list, onChanged }: { list: List; onChanged: () => void }) {
  const deed = useDeed(onChanged);
  const wanted = useSignal(list.name);
  const isBusy = deed.isBusy.value;
  const name = visible(list.name);
  const turn = () =>
    deed.run(async () => {
      const undo = await change(list, { enabled: !list.enabled });
      done.value = { text: t(list.enabled ? "list.done.off" : "list.done.on", { name }), undo };
    });
  const leave = () =>
    deed.run(async () => {
      done.value = { text: t("list.done.removed", { name }), undo: await remove(list) };
      location.hash = addressOf("lists");
    });
  async function rename(event: Event): Promise<void> {
    event.preventDefault();
    const to = wanted.value.trim();
    if (to === "" || to === list.name) return;
    await deed.run(async () => {
      const undo = await change(list, { rename: to });
      done.value = { text: t("list.done.renamed", { name, to: visible(to) }), undo };
      location.hash = addressOf("list", {}, to);
    });
  }
  return (
    <>
      <form class="naming" onSubmit={rename}>
        <input
          type="text"
          required
          maxLength={200}
          aria-label={t("list.name")}
          value={wanted.value}
          onInput={(event) => {
            wanted.value = event.currentTarget.value;
          }}
        />
        <button type="submit" disabled={isBusy || wanted.value.trim() === list.name}>
          {t("list.rename")}
        </button>
        <button type="button" disabled={isBusy} onClick={turn}>
          {t(list.enabled ? "lists.switch_off" : "lists.switch_on")}
        </button>
        <button type="button" disabled={isBusy} onClick={leave}>
          {t("lists.remove")}
        </button>
      </form>
      <Trouble deed={deed} />
    </>
  );
}

/** What was done last, and a button that takes it back. */
export function Undo({ onDone }: { onDone: () => void }) {
  const deed = useDeed(onDone);
  const last = done.value;
  if (!last) return null;
  const { text, undo } = last;
  const back = async () => {
    if (!undo || !(await deed.run(undo))) return;
    done.value = null;
    const name = place.value.page === "list" && place.value.item;
    if (name) location.hash = addressOf("lists"); // its name may be another again
  };
  return (
    <section class="notice done" aria-label={t("list.done")}>
      <p role="status">{text}</p>
      {undo ? (
        <button type="button" disabled={deed.isBusy.value} onClick={back}>
          {t("settings.undo")}
        </button>
      ) : (
        <span class="quiet">{t("list.no_undo")}</span>
      )}
      <button
        type="button"
        class="link"
        aria-label={t("close")}
        onClick={() => {
          done.value = null;
        }}
      >
        ×
      </button>
      <Trouble deed={deed} />
    </section>
  );
}
