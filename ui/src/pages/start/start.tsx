// The first run: five short steps, each of which can be left out, and all of them done again.

import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { place } from "../../address";
import { LastChange } from "../../parts/policy/undo";
import { addressOfStep, STEPS, type Step, Steps, stepOf } from "../../parts/steps";
import { may } from "../../server/reach";
import { t } from "../../words/words";
import { AccountStep } from "./account";
import { BlockingStep } from "./blocking";
import { DevicesStep } from "./devices";
import { DoneStep } from "./done";
import { ResolverStep } from "./resolver";
import "./start.css";

const SHOWN = {
  account: AccountStep,
  devices: DevicesStep,
  resolver: ResolverStep,
  blocking: BlockingStep,
  done: DoneStep,
} satisfies Record<Step, (given: Given) => preact.JSX.Element>;

interface Given {
  /** Another one when something was taken back: then what there is is read again. */
  readonly undone: number;
}

export default function Start() {
  const step = stepOf(place.value.query.get("step"));
  const title = useRef<HTMLHeadingElement>(null);
  const isFirst = useRef(true);
  const undone = useSignal(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: each step begins at its title
  useEffect(() => {
    if (!isFirst.current) title.current?.focus();
    isFirst.current = false;
  }, [step]);
  if (!may("settings:write")) return <NotYours />;
  const Shown = SHOWN[step];
  return (
    <div class="start">
      <Steps at={step} />
      <h1 ref={title} tabIndex={-1}>
        {t(`start.title.${step}`)}
      </h1>
      <Shown key={step} undone={undone.value} />
      <LastChange
        onUndone={() => {
          undone.value += 1;
        }}
      />
      <Onward step={step} />
    </div>
  );
}

function NotYours() {
  return (
    <section class="card">
      <h1>{t("nav.start")}</h1>
      <p>{t("start.not_yours")}</p>
    </section>
  );
}

/** The way back and on; what was not done is left out. */
function Onward({ step }: { step: Step }) {
  const at = STEPS.indexOf(step);
  const before = STEPS[at - 1];
  const next = STEPS[at + 1];
  return (
    <nav class="onward" aria-label={t("start.onward")}>
      {before && (
        <a class="button" href={addressOfStep(before)}>
          {t("start.back")}
        </a>
      )}
      {next ? (
        <>
          <a class="quiet" href="#/">
            {t("start.leave")}
          </a>
          <a class="button main" href={addressOfStep(next)}>
            {t("start.next")}
          </a>
        </>
      ) : (
        <a class="button main" href="#/">
          {t("start.to_overview")}
        </a>
      )}
    </nav>
  );
}
