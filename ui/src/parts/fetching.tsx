// Lists that are being fetched: how far each is.

import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { api, isAborted, type Schemas, told, within } from "../server/api";
import { size } from "../words/format";
import { t } from "../words/words";
import { Foreign, Translated } from "./foreign";

type Step = Schemas["ListStep"];

const EVERY_MS = 500;

/** How far the lists are, as long as somebody fetches them; their ends stay until the next time. */
export function Fetching({ isBusy, name }: { isBusy: boolean; name?: string }) {
  const steps = useSignal<readonly Step[]>([]);
  const wasBusy = useRef(false);
  useEffect(() => {
    const ended = new AbortController();
    let timer = 0;
    const look = async () => {
      try {
        const found = await told(api.GET("/list-progress", { signal: within(ended.signal) }));
        steps.value = found.lists.filter((each) => name === undefined || each.name === name);
      } catch (error) {
        if (isAborted(error)) return; // what goes wrong is said by who fetches
      }
      if (isBusy && !ended.signal.aborted) timer = window.setTimeout(look, EVERY_MS);
    };
    if (isBusy) timer = window.setTimeout(look, 0);
    else if (wasBusy.current) look(); // how it ended, however quick that was
    wasBusy.current = isBusy;
    return () => {
      clearTimeout(timer);
      ended.abort();
    };
  }, [isBusy, name, steps]);
  if (steps.value.length === 0) return isBusy ? <p role="status">{t("list.fetching")}</p> : null;
  return (
    <ul class="fetching" aria-label={t("list.fetching")} aria-live="polite">
      {steps.value.map((step) => (
        <li key={step.name}>
          <span>
            <Foreign text={step.name} look="isolated strong" /> {t(`list.phase.${step.phase}`)}
            {step.phase === "fetching" && step.done_bytes > 0 && ` · ${size(step.done_bytes)}`}
            {step.note && (
              <>
                {" · "}
                <Translated text={step.note} />
              </>
            )}
          </span>
          {step.phase === "fetching" && step.total_bytes !== null && step.total_bytes > 0 && (
            <progress
              aria-label={step.name}
              max={step.total_bytes}
              value={Math.min(step.done_bytes, step.total_bytes)}
            />
          )}
        </li>
      ))}
    </ul>
  );
}
