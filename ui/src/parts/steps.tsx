// The steps of the first run: which there are, and at which one is.

import { addressOf } from "../address";
import { type Key, t } from "../words/words";

export const STEPS = ["account", "devices", "resolver", "blocking", "done"] as const;
export type Step = (typeof STEPS)[number];

export const stepOf = (text: string | null): Step =>
  STEPS.find((each) => each === text) ?? "account";

/** The address of a step; `#/start` is the first. */
export const addressOfStep = (step: Step): string =>
  addressOf("start", { step: step === STEPS[0] ? "" : step });

/** Where the others can be gone to, they are links. */
export function Steps({ at, isOpen = true }: { at: Step; isOpen?: boolean }) {
  const place = STEPS.indexOf(at);
  return (
    <nav class="steps" aria-label={t("start.steps")}>
      <ol>
        {STEPS.map((step, index) => (
          <li key={step} data-is={index < place ? "past" : index === place ? "now" : "later"}>
            {isOpen ? (
              <a href={addressOfStep(step)} aria-current={step === at ? "step" : undefined}>
                {t(`start.step.${step}` as Key)}
              </a>
            ) : (
              <span aria-current={step === at ? "step" : undefined}>
                {t(`start.step.${step}` as Key)}
              </span>
            )}
          </li>
        ))}
      </ol>
    </nav>
  );
}
