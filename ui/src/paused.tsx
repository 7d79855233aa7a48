// That nothing is refused now, on every page but the overview, which says more of it.

import { useSignal } from "@preact/signals";
import { addressOf, place } from "./address";
import { api, told } from "./server/api";
import { usePolled } from "./server/polled";
import { span } from "./words/format";
import { t } from "./words/words";

const PAUSED_MS = 5_000;
const QUIET_MS = 20_000;

export function Paused() {
  const read = (signal: AbortSignal) => told(api.GET("/protection", { signal }));
  const isOff = useSignal(false);
  const polled = usePolled("paused", read, isOff.value ? PAUSED_MS : QUIET_MS, [place.value.page]);
  const found = polled.last.value;
  isOff.value = found?.enabled === false;
  const left_s = found?.pauses.find(({ scope }) => scope === "all")?.left_s;
  return (
    <p class="paused" role="status">
      {isOff.value && (
        <a href={addressOf("")}>
          {left_s == null
            ? t("protection.off")
            : t("frame.paused", { left: span(Math.max(left_s, 1)) })}
        </a>
      )}
    </p>
  );
}
