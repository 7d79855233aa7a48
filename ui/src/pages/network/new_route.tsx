// One route more: names, and who is asked about them.

import { useSignal } from "@preact/signals";
import { t } from "../../words/words";
import { Target } from "./route";

interface Given {
  readonly sets: readonly string[];
  readonly taken: readonly string[];
  readonly onAdd: (name: string, to: unknown) => void;
}

export function NewRoute({ sets, taken, onAdd }: Given) {
  const name = useSignal("");
  const to = useSignal("");
  const server = useSignal("");
  function add(event: Event): void {
    event.preventDefault();
    const wanted = name.value.trim();
    if (taken.includes(wanted)) return;
    onAdd(wanted, to.value || [server.value.trim()]);
    name.value = "";
    server.value = "";
  }
  return (
    <form class="naming" onSubmit={add}>
      <input
        id="new-route"
        type="text"
        required
        spellcheck={false}
        autocapitalize="off"
        maxLength={1000}
        aria-label={t("network.route_name")}
        placeholder="corp.example"
        value={name.value}
        onInput={(event) => {
          name.value = event.currentTarget.value;
        }}
      />
      <Target
        label={t("network.route_new_to")}
        sets={sets}
        chosen={to.value}
        withServers
        onChange={(chosen) => {
          to.value = chosen;
        }}
      />
      {to.value === "" && (
        <input
          id="new-route-server"
          type="text"
          required
          spellcheck={false}
          autocapitalize="off"
          maxLength={4096}
          aria-label={t("network.route_server")}
          placeholder="192.0.2.53"
          value={server.value}
          onInput={(event) => {
            server.value = event.currentTarget.value;
          }}
        />
      )}
      <button type="submit">{t("network.add_route")}</button>
    </form>
  );
}
