// A key of the settings on a page of the network: what it is, where it is held, and its value.

import type { ComponentChildren } from "preact";
import { Control } from "../../parts/control";
import type { Accepts } from "../../parts/kind";
import { type Key, t } from "../../words/words";
import type { Drafts } from "./drafts";
import { Held } from "./reviewed";

interface Given {
  readonly drafts: Drafts;
  /** The key, such as "dns.names"; `network.dns.names` and `network.dns.names.help` tell of it. */
  readonly name: string;
  /** What to change it by, where that is not the field that its kind has. */
  readonly children?: ComponentChildren;
}

export function Drafted({ drafts, name, children }: Given) {
  const setting = drafts.of(name);
  if (!setting) return null;
  return (
    <div class="setting">
      <div>
        <label htmlFor={name}>
          <strong>{t(`network.${name}` as Key)}</strong>
        </label>
        <p class="quiet">{t(`network.${name}.help` as Key)}</p>
        <Held by={drafts.heldBy(name)} />
      </div>
      <div class="value">
        {children ?? (
          <Control
            id={name}
            accepts={setting.accepts as Accepts}
            value={drafts.value(name)}
            disabled={!drafts.mayChange(name)}
            onChange={(wanted) => drafts.set(name, wanted)}
          />
        )}
      </div>
    </div>
  );
}
