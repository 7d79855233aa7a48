// What is left of something that ends by itself, counted down between two answers of the server.

import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { span } from "../words/format";
import { t } from "../words/words";

export function TimeLeft({ left_s }: { left_s: number }) {
  const passed = useSignal(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: counted anew from each answer
  useEffect(() => {
    const began = Date.now();
    const tick = () => {
      passed.value = Math.floor((Date.now() - began) / 1000);
    };
    tick();
    const timer = window.setInterval(tick, 1000);
    return () => clearInterval(timer);
  }, [left_s]);
  return (
    <span class="quiet">{t("rules.left", { time: span(Math.max(left_s - passed.value, 1)) })}</span>
  );
}
