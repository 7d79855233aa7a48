// Choosing for whom something is tried out: everybody, a group, or a client of the settings.

import type { Signal } from "@preact/signals";
import { api, told } from "../server/api";
import { usePolled } from "../server/polled";
import { visible } from "../words/format";
import { t } from "../words/words";

/** `client:NAME`, `group:NAME`, or "" for everybody. */
export function ForWhom({ chosen, id }: { chosen: Signal<string>; id: string }) {
  const read = async (signal: AbortSignal) => {
    const [groups, clients] = await Promise.all([
      told(api.GET("/groups", { signal })),
      told(api.GET("/clients", { signal })),
    ]);
    return { groups: groups.items, clients: clients.items };
  };
  const found = usePolled("for whom", read, null).last.value;
  return (
    <select
      id={id}
      aria-label={t("choice.scope")}
      value={chosen.value}
      onChange={(event) => {
        chosen.value = event.currentTarget.value;
      }}
    >
      <option value="">{t("choice.everybody")}</option>
      {found?.groups.map(({ name }) => (
        <option key={name} value={`group:${name}`}>
          {t("protection.group", { name: visible(name) })}
        </option>
      ))}
      {found?.clients.map(({ name }) => (
        <option key={name} value={`client:${name}`}>
          {visible(name)}
        </option>
      ))}
    </select>
  );
}

/** What operations take for it. */
export function whose(chosen: string): { client: string; group: string } {
  const [kind, name] = [
    chosen.slice(0, chosen.indexOf(":")),
    chosen.slice(chosen.indexOf(":") + 1),
  ];
  return { client: kind === "client" ? name : "", group: kind === "group" ? name : "" };
}
