// A field for a password.

import type { Signal } from "@preact/signals";
import { t } from "../../words/words";

interface Given {
  readonly id: string;
  readonly label: string;
  readonly value: Signal<string>;
  readonly isNew?: boolean;
}

export function SecretField({ id, label, value, isNew = false }: Given) {
  return (
    <label class="labelled" htmlFor={id}>
      <span>{label}</span>
      <input
        id={id}
        type="password"
        autocomplete={isNew ? "new-password" : "current-password"}
        maxLength={1024}
        required
        minLength={isNew ? 8 : 1}
        value={value.value}
        onInput={(event) => {
          value.value = event.currentTarget.value;
        }}
      />
      {isNew && <span class="quiet small">{t("accounts.password_rule")}</span>}
    </label>
  );
}
