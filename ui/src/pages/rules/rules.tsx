// What becomes of a name, and the household's own rules: to edit, held elsewhere, for a time.

import { api, told } from "../../server/api";
import { usePolled } from "../../server/polled";
import { t } from "../../words/words";
import { Editor } from "./editor";
import { ForATime } from "./for_a_time";
import { HeldRules } from "./held_rules";
import { TestBox } from "./test_box";
import "./rules.css";

const EVERY_MS = 15_000;

export default function Rules() {
  const read = (signal: AbortSignal) => told(api.GET("/rules", { signal }));
  const polled = usePolled("rules", read, EVERY_MS);
  const found = polled.last.value;
  const rules = found?.rules ?? [];
  return (
    <>
      <TestBox />
      <section class="card" aria-labelledby="rules-title">
        <div class="card-head">
          <h2 id="rules-title">{t("rules.own")}</h2>
        </div>
        {found && <Editor rules={rules} onChanged={polled.now} />}
      </section>
      <HeldRules rules={rules.filter(({ held_by }) => held_by)} />
      {found && <ForATime rules={found.for_a_time} onChanged={polled.now} />}
    </>
  );
}
