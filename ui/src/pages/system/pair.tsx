// A second sinkhole with the same settings: paired by a code, taken over, ended.

import { useSignal } from "@preact/signals";
import { Trouble, useDeed } from "../../parts/deed";
import { Foreign } from "../../parts/foreign";
import { Sure } from "../../parts/sure";
import { api, type Schemas, told } from "../../server/api";
import { usePolled } from "../../server/polled";
import { may } from "../../server/reach";
import { t } from "../../words/words";

type Pairing = Schemas["PairStatus"];

const EVERY_MS = 5_000;

interface Given {
  readonly pair: Pairing;
  readonly onDone: () => void;
}

export function Pair() {
  const read = (signal: AbortSignal) => told(api.GET("/pairing", { signal }));
  const polled = usePolled("pairing", read, EVERY_MS);
  const pair = polled.last.value;
  return (
    <section id="pair" class="card whole" aria-labelledby="pair-title">
      <div class="card-head">
        <h2 id="pair-title">{t("pair.title")}</h2>
      </div>
      <p class="quiet">{t("pair.about")}</p>
      {pair?.is_paired && <Paired pair={pair} onDone={polled.now} />}
      {pair && !pair.is_paired && may("accounts:write") && (
        <Alone pair={pair} onDone={polled.now} />
      )}
    </section>
  );
}

function Paired({ pair, onDone }: Given) {
  const deed = useDeed(onDone);
  const { name, url } = pair;
  return (
    <>
      <p>
        {t(pair.is_first ? "pair.is_first" : "pair.is_second", { name })}{" "}
        <span class={pair.is_reached ? "" : "error"}>{t(stateOf(pair), { name })}</span>
      </p>
      {url && (
        <p class="quiet">
          <Foreign text={url} />
        </p>
      )}
      {may("accounts:write") && (
        <div class="choices">
          {!pair.is_first && (
            <Sure
              label={t("pair.take_over")}
              ask={t("pair.take_over_sure", { name })}
              disabled={deed.isBusy.value}
              onSure={() => deed.run(() => told(api.POST("/pairing/take-over", { body: {} })))}
            />
          )}
          <Sure
            label={t("pair.end")}
            ask={t("pair.end_sure")}
            disabled={deed.isBusy.value}
            onSure={() => deed.run(() => told(api.POST("/pairing/end", { body: {} })))}
          />
        </div>
      )}
      <Trouble deed={deed} />
    </>
  );
}

function stateOf(pair: Pairing) {
  if (!pair.is_reached) return "pair.away";
  return pair.is_behind ? "pair.behind" : "pair.same";
}

function Alone({ pair, onDone }: Given) {
  const deed = useDeed(onDone);
  const code = useSignal("");
  const offer = () =>
    deed.run(async () => {
      code.value = (await told(api.POST("/pairing/offer", { body: {} }))).code;
    });
  return (
    <>
      <div class="choices">
        <button type="button" class="main" disabled={deed.isBusy.value} onClick={offer}>
          {t("pair.make_code")}
        </button>
        {code.value && pair.code_left_s > 0 && (
          <span role="status">
            {t("pair.code")}{" "}
            <code>
              sinkhole pair {document.baseURI.replace(/\/$/, "")} {code.value}
            </code>
          </span>
        )}
      </div>
      <Trouble deed={deed} />
      <Join onDone={onDone} />
    </>
  );
}

function Join({ onDone }: { readonly onDone: () => void }) {
  const deed = useDeed(onDone);
  const url = useSignal("");
  const code = useSignal("");
  const join = () =>
    deed.run(() =>
      told(
        api.POST("/pairing/join", {
          body: { url: url.value, code: code.value, fingerprint: "" },
        }),
      ),
    );
  return (
    <details>
      <summary>{t("pair.join")}</summary>
      <p class="quiet">{t("pair.join_about")}</p>
      <div class="choices">
        <label>
          {t("pair.url")}{" "}
          <input
            type="url"
            placeholder="nas.home:8080"
            value={url.value}
            onInput={(event) => {
              url.value = event.currentTarget.value;
            }}
          />
        </label>
        <label>
          {t("pair.its_code")}{" "}
          <input
            type="text"
            autocomplete="off"
            value={code.value}
            onInput={(event) => {
              code.value = event.currentTarget.value;
            }}
          />
        </label>
        <Sure
          label={t("pair.join")}
          ask={t("pair.join_sure")}
          disabled={deed.isBusy.value || !url.value.trim() || !code.value.trim()}
          onSure={join}
        />
      </div>
      <Trouble deed={deed} />
    </details>
  );
}
