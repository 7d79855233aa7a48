// The names that a router gives the devices of the house: what it takes for them to work, in one go.

import { useSignal } from "@preact/signals";
import { Foreign } from "../../parts/foreign";
import { t } from "../../words/words";
import { reverseZone } from "./zones";

interface Given {
  readonly onAdd: (name: string, to: unknown) => void;
}

export function RouterNames({ onAdd }: Given) {
  const address = useSignal("");
  const domain = useSignal("");
  const zone = reverseZone(address.value);
  const names = [domain.value.trim(), zone, "unqualified"].filter(Boolean);
  function add(event: Event): void {
    event.preventDefault();
    if (!zone) return;
    for (const name of names) onAdd(name, [address.value.trim()]);
    address.value = "";
    domain.value = "";
  }
  return (
    <section class="card" aria-labelledby="router-title">
      <div class="card-head">
        <h2 id="router-title">{t("network.router")}</h2>
      </div>
      <p class="quiet help">{t("network.router.help")}</p>
      <form class="naming" onSubmit={add}>
        <Text
          id="router-address"
          label={t("network.router.address")}
          placeholder="192.0.2.1"
          value={address}
        />
        <Text
          id="router-domain"
          label={t("network.router.domain")}
          placeholder="fritz.box"
          value={domain}
        />
        <button type="submit" disabled={zone === ""}>
          {t("network.router.add")}
        </button>
      </form>
      {zone && (
        <p class="quiet small">
          {t("network.router.adds")} <Foreign text={names.join(", ")} look="rule" />
        </p>
      )}
    </section>
  );
}

interface TextGiven {
  readonly id: string;
  readonly label: string;
  readonly placeholder: string;
  readonly value: { value: string };
}

function Text({ id, label, placeholder, value }: TextGiven) {
  return (
    <label class="field">
      <span class="quiet small">{label}</span>
      <input
        id={id}
        type="text"
        spellcheck={false}
        autocapitalize="off"
        maxLength={253}
        placeholder={placeholder}
        value={value.value}
        onInput={(event) => {
          value.value = event.currentTarget.value;
        }}
      />
    </label>
  );
}
