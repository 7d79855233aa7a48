// Everything blocked for one client, for a time, and no longer. That is an own rule, as a rule can end by
// itself: it is shown as such.

import { addressOf } from "../../address";
import { Trouble, useDeed } from "../../parts/deed";
import { Foreign } from "../../parts/foreign";
import { LENGTHS } from "../../parts/lengths";
import { TimeLeft } from "../../parts/time_left";
import { api, type Schemas, told } from "../../server/api";
import { usePolled } from "../../server/polled";
import { may } from "../../server/reach";
import { t } from "../../words/words";
import { ruleThatBlocksAll } from "./everything";
import { isOf } from "./pause_it";

const EVERY_MS = 15_000;
/** Any name that no list knows: everything is blocked, or nothing is. */
const A_NAME = "www.example.org";

interface Given {
  readonly name: string;
  /** The pauses of whatever is paused: what is off blocks nothing. */
  readonly pauses: readonly Schemas["PauseStatus"][];
  readonly group: string;
  readonly onChanged: () => void;
}

export function BlockIt({ name, pauses, group, onChanged }: Given) {
  const read = (signal: AbortSignal) => told(api.GET("/rules", { signal }));
  const polled = usePolled("rules", read, EVERY_MS);
  const deed = useDeed(() => {
    polled.now();
    onChanged();
  });
  const rule = ruleThatBlocksAll(name);
  const timed = polled.last.value?.for_a_time.find((each) => each.rule === rule);
  const lasting = polled.last.value?.rules.find((each) => each.rule === rule);
  const isBlocked = timed !== undefined || lasting !== undefined;
  const isAnswered = useIsAnswered(name, isBlocked && may("log:read"), pauses.length);
  if (!polled.last.value || (!isBlocked && !may("rules:write"))) return null;
  const own = pauses.find((each) => isOf(each, "client", name));
  const others = pauses.some((each) => each.scope === "all" || isOf(each, "group", group));

  async function block(seconds: number | null): Promise<void> {
    await deed.run(async () => {
      await told(api.POST("/rules", { body: { rules: [rule], seconds, note: "" } }));
      if (own && may("protection:write"))
        await told(api.POST("/protection/resume", { body: { scope: "client", name } }));
    });
  }

  const end = () =>
    deed.run(async () => {
      if (timed) await told(api.POST("/rules/end", { body: { numbers: [timed.number] } }));
      if (lasting) await told(api.POST("/rules/remove", { body: { rules: [rule] } }));
    });
  return (
    <section aria-labelledby="block-it-title">
      <h2 id="block-it-title">{t("device.block")}</h2>
      {isBlocked && (
        <p class="blocked" role="status">
          <span class="mark" aria-hidden="true" />
          <strong>{t("device.block.is")}</strong>{" "}
          {lasting ? t("device.block.until_ended") : <TimeLeft left_s={timed?.left_s ?? 0} />}
        </p>
      )}
      {isBlocked && (own || others) ? (
        <p class="error">{t("device.block.paused")}</p>
      ) : (
        isBlocked && isAnswered && <p class="error">{t("device.block.unfiltered")}</p>
      )}
      {may("rules:write") && (
        <div class="choices">
          {isBlocked ? (
            <button type="button" class="main" disabled={deed.isBusy.value} onClick={end}>
              {t("device.block.end")}
            </button>
          ) : (
            LENGTHS.map(([word, seconds]) => (
              <button
                key={word}
                type="button"
                disabled={deed.isBusy.value}
                aria-label={t("device.block.for", { time: t(wordOf(word)) })}
                onClick={() => block(seconds)}
              >
                {t(wordOf(word))}
              </button>
            ))
          )}
        </div>
      )}
      <Trouble deed={deed} />
      <p class="quiet small">
        {t("device.block.about")}{" "}
        {isBlocked && (
          <>
            {t("device.block.rule")}{" "}
            <a href={addressOf("rules")}>
              <Foreign text={rule} look="rule" />
            </a>
          </>
        )}
      </p>
    </section>
  );
}

/** Whether it gets answers all the same, by what the server says of a name; false until it does. */
function useIsAnswered(client: string, isWanted: boolean, pauses: number): boolean {
  const read = async (signal: AbortSignal) => {
    if (!isWanted) return false;
    const body = { name: A_NAME, client };
    const { verdict } = await told(api.POST("/explain", { body, signal }));
    return verdict === "none";
  };
  return usePolled("block_it", read, EVERY_MS, [client, isWanted, pauses]).last.value ?? false;
}

const wordOf = (word: (typeof LENGTHS)[number][0]) =>
  word === "until_resumed" ? ("choice.until_ended" as const) : (`choice.${word}` as const);
