// Having the server begin anew as the program that is installed now: the page waits, and is loaded
// anew when that answers, as it may bring another page.

import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { Trouble, useDeed } from "../../parts/deed";
import { Sure } from "../../parts/sure";
import { api, told, Unknown, within } from "../../server/api";
import { t } from "../../words/words";

const LOOK_MS = 500;

export function Restart() {
  const deed = useDeed();
  const isBegun = useSignal(false);
  const left = useRef(new AbortController());
  useEffect(() => () => left.current.abort(), []);
  const begin = () =>
    deed.run(async () => {
      const { run } = await told(api.POST("/server/restart", { body: {} }));
      isBegun.value = true;
      await another(run, left.current.signal);
      if (!left.current.signal.aborted) location.reload();
    });
  return (
    <div class="restart">
      <Sure
        label={t("system.restart")}
        ask={t("system.restart_about")}
        disabled={deed.isBusy.value}
        onSure={begin}
      />
      <p role="status">
        {deed.isBusy.value && t(isBegun.value ? "system.restart_begun" : "system.restart_tried")}
      </p>
      <Trouble deed={deed} />
    </div>
  );
}

/** Wait until the program that follows answers, or nobody looks any more. */
async function another(run: string, left: AbortSignal): Promise<void> {
  while (!left.aborted && (await runOf(left)) === run) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }

  /** Which one answers; the old one while none does, and another where it wants to know us anew. */
  async function runOf(signal: AbortSignal): Promise<string> {
    try {
      return (await told(api.GET("/status", { signal: within(signal) }))).run;
    } catch (error) {
      return error instanceof Unknown ? "" : run;
    }
  }
}
