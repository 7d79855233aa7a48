// Choosing a group of the settings, where there are any to choose from.

import type { Signal } from "@preact/signals";
import { api, told } from "../server/api";
import { usePolled } from "../server/polled";
import { t } from "../words/words";

interface Given {
  /** The name of the group; "" for none of its own. */
  readonly chosen: Signal<string>;
  /** What to call it when none is chosen. */
  readonly everybody: string;
  readonly label: string;
}

export function Groups({ chosen, everybody, label }: Given) {
  const read = (signal: AbortSignal) => told(api.GET("/groups", { signal }));
  const groups = usePolled("groups", read, null).last.value?.items ?? [];
  const others = groups.filter(({ name }) => name !== "default");
  if (others.length === 0) return null;
  return (
    <select
      aria-label={label}
      value={chosen.value}
      onChange={(event) => {
        chosen.value = event.currentTarget.value;
      }}
    >
      <option value="">{everybody}</option>
      {others.map(({ name }) => (
        <option key={name} value={name}>
          {t("protection.group", { name })}
        </option>
      ))}
    </select>
  );
}
