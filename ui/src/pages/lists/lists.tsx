// The lists in use: how each does, whether it is used, and what each has of its own.

import { addressOf } from "../../address";
import { type Deed, Trouble, useDeed } from "../../parts/deed";
import { Fetching } from "../../parts/fetching";
import { isChangeable, type List, ListRow } from "../../parts/list_row";
import { WantedBy } from "../../parts/wanted_by";
import { api, told } from "../../server/api";
import { usePolled } from "../../server/polled";
import { may } from "../../server/reach";
import { visible } from "../../words/format";
import { t, translated } from "../../words/words";
import { Undo } from "../list/changing";
import { accept, change, done, remove } from "../list/undo";
import { Overlap } from "./overlap";

const EVERY_MS = 10_000;

export default function Lists() {
  const read = (signal: AbortSignal) => told(api.GET("/lists", { signal }));
  const polled = usePolled("lists", read, EVERY_MS);
  const lists = polled.last.value?.lists;
  return (
    <>
      <Undo onDone={polled.now} />
      <InUse lists={lists} onChanged={polled.now} />
      {lists && <Overlap lists={lists} />}
    </>
  );
}

interface InUseGiven {
  readonly lists: readonly List[] | undefined;
  readonly onChanged: () => void;
}

function InUse({ lists, onChanged }: InUseGiven) {
  const deed = useDeed(onChanged);
  const update = useDeed(onChanged);
  const isBusy = deed.isBusy.value;
  return (
    <section class="card" aria-labelledby="lists-title">
      <div class="card-head">
        <h1 id="lists-title">{t("lists.title")}</h1>
        <span class="choices">
          {may("lists:write") && (
            <button
              type="button"
              disabled={update.isBusy.value}
              onClick={() => update.run(() => told(api.POST("/lists/update", { body: {} })))}
            >
              {t("lists.update")}
            </button>
          )}
          <a class="button" href={addressOf("catalogue")}>
            {t("lists.more")}
          </a>
        </span>
      </div>
      <Trouble deed={deed} />
      <Trouble deed={update} />
      <Fetching isBusy={update.isBusy.value} />
      {lists?.length === 0 && <p class="quiet">{t("lists.none")}</p>}
      <ul id="lists" class="states">
        {lists?.map((list) => (
          <ListRow
            key={list.name}
            list={list}
            accept={(name) => deed.run(() => accept(name))}
            isBusy={isBusy}
          >
            {isChangeable(list) && may("lists:write") && <Buttons list={list} deed={deed} />}
            <WantedBy list={list} />
            {list.held_by && (
              <span class="quiet">{t("held_by", { where: translated(list.held_by) })}</span>
            )}
          </ListRow>
        ))}
      </ul>
    </section>
  );
}

function Buttons({ list, deed }: { list: List; deed: Deed }) {
  const name = visible(list.name);
  const isBusy = deed.isBusy.value;
  const turn = () =>
    deed.run(async () => {
      const undo = await change(list, { enabled: !list.enabled });
      done.value = { text: t(list.enabled ? "list.done.off" : "list.done.on", { name }), undo };
    });
  const leave = () =>
    deed.run(async () => {
      done.value = { text: t("list.done.removed", { name }), undo: await remove(list) };
    });
  return (
    <span class="choices">
      <button type="button" disabled={isBusy} onClick={turn}>
        {t(list.enabled ? "lists.switch_off" : "lists.switch_on")}
      </button>
      <button type="button" disabled={isBusy} onClick={leave}>
        {t("lists.remove")}
      </button>
    </span>
  );
}
