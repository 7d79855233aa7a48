// How many problems there are, at the way to the overview, which tells them.
//
// It is asked again and again instead of told by a stream: browsers hold six connections to a server,
// for all of its tabs, and pages have streams of their own.

import { place } from "./address";
import { troublesOf } from "./pages/overview/troubles";
import { api, told } from "./server/api";
import { usePolled } from "./server/polled";
import { may } from "./server/reach";
import { t } from "./words/words";

const EVERY_MS = 15_000;

export function Problems() {
  const read = async (signal: AbortSignal) => {
    const [status, lists] = await Promise.all([
      told(api.GET("/status", { signal })),
      may("lists:read") ? told(api.GET("/lists", { signal })) : { lists: [] },
    ]);
    return troublesOf({ status, lists });
  };
  const found = usePolled("problems", read, EVERY_MS, [place.value.page]).last.value ?? [];
  if (found.length === 0) return null;
  const isGrave = found.some(({ severity }) => severity === "error");
  return (
    <span id="problems" class={`count ${isGrave ? "grave" : ""}`}>
      <span aria-hidden="true">{t("number", { value: found.length })}</span>
      <span class="unseen">{t("frame.problems", { count: found.length })}</span>
    </span>
  );
}
