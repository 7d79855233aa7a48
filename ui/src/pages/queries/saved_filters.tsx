// The filters that were saved: go there, save what is looked for now, let one go.

import { useSignal } from "@preact/signals";
import { addressOf } from "../../address";
import { Foreign } from "../../parts/foreign";
import { visible } from "../../words/format";
import { t } from "../../words/words";
import { type Filter, isEmpty } from "./filter";
import { isSame, remove, type SavedFilter, save, saved } from "./saved";

export function SavedFilters({ filter }: { filter: Filter }) {
  const removed = useSignal<SavedFilter | null>(null);
  const isSaved = saved.value.some((each) => isSame(each.filter, filter));
  if (saved.value.length === 0 && !removed.value && isEmpty(filter)) return null;
  return (
    <div class="saved">
      {saved.value.length > 0 && (
        <ul aria-label={t("saved.title")}>
          {saved.value.map((each) => (
            <li key={each.name}>
              <a
                href={addressOf("queries", each.filter)}
                aria-current={isSame(each.filter, filter) ? "true" : undefined}
              >
                <Foreign text={each.name} />
              </a>
              <button
                type="button"
                class="link quiet"
                aria-label={t("saved.remove", { name: visible(each.name) })}
                onClick={() => {
                  remove(each.name);
                  removed.value = each;
                }}
              >
                ✕
              </button>
            </li>
          ))}
        </ul>
      )}
      {removed.value && <PutBack removed={removed.value} onDone={() => (removed.value = null)} />}
      {!isSaved && !isEmpty(filter) && <Saving key={JSON.stringify(filter)} filter={filter} />}
    </div>
  );
}

function PutBack({ removed, onDone }: { removed: SavedFilter; onDone: () => void }) {
  return (
    <button
      type="button"
      class="link"
      onClick={() => {
        save(removed.name, removed.filter);
        onDone();
      }}
    >
      {t("saved.put_back", { name: visible(removed.name) })}
    </button>
  );
}

function Saving({ filter }: { filter: Filter }) {
  const name = useSignal<string | null>(null);
  if (name.value === null) {
    return (
      <button
        type="button"
        class="link"
        onClick={() => {
          name.value = "";
        }}
      >
        {t("saved.save")}
      </button>
    );
  }
  return (
    <form
      class="choices"
      onSubmit={(event) => {
        event.preventDefault();
        const wanted = name.value?.trim();
        if (wanted) save(wanted, filter);
      }}
    >
      <input
        ref={(box) => box?.focus()}
        required
        maxLength={60}
        aria-label={t("saved.name")}
        placeholder={t("saved.name")}
        value={name.value}
        onInput={(event) => {
          name.value = event.currentTarget.value;
        }}
      />
      <button type="submit" class="main">
        {t("saved.keep")}
      </button>
    </form>
  );
}
