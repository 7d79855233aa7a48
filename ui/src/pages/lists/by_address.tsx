// A list that is in no catalogue: by its address, for blocking or allowing, tried out before.

import { useSignal } from "@preact/signals";
import { type Deed, Trouble } from "../../parts/deed";
import { api, told } from "../../server/api";
import { t } from "../../words/words";
import { Tried, useTrial } from "./trial";

export function ByAddress({ deed }: { deed: Deed }) {
  const address = useSignal("");
  const kind = useSignal<"block" | "allow">("block");
  const trial = useTrial();
  const source = address.value.trim();
  const isBusy = deed.isBusy.value || trial.deed.isBusy.value;
  async function add(event: Event): Promise<void> {
    event.preventDefault();
    const body = { source, kind: kind.value };
    if (await deed.run(() => told(api.POST("/lists", { body })))) {
      address.value = "";
      location.hash = "#/lists";
    }
  }
  return (
    <section class="card by-address" aria-labelledby="address-title">
      <h2 id="address-title">{t("catalogue.by_address")}</h2>
      <form class="naming" onSubmit={add}>
        <input
          type="url"
          required
          aria-label={t("catalogue.address")}
          placeholder="https://…"
          value={address.value}
          onInput={(event) => {
            address.value = event.currentTarget.value;
            trial.forget();
          }}
        />
        <select
          aria-label={t("list.kind")}
          value={kind.value}
          onChange={(event) => {
            kind.value = event.currentTarget.value as "block" | "allow";
            trial.forget();
          }}
        >
          <option value="block">{t("list.kind.block")}</option>
          <option value="allow">{t("list.kind.allow")}</option>
        </select>
        <button
          type="button"
          disabled={isBusy || source === ""}
          onClick={() => trial.begin(source, kind.value)}
        >
          {t("catalogue.preview")}
        </button>
        <button type="submit" class="main" disabled={isBusy}>
          {t("catalogue.add")}
        </button>
      </form>
      <Trouble deed={deed} />
      <Tried trial={trial} />
    </section>
  );
}
