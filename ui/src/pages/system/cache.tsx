// What is remembered of answers: how full it is, what is kept about a name, and how it is forgotten.

import { useSignal } from "@preact/signals";
import { addressOf } from "../../address";
import { Trouble, useDeed } from "../../parts/deed";
import { Foreign } from "../../parts/foreign";
import { api, type Schemas, told } from "../../server/api";
import { usePolled } from "../../server/polled";
import { may } from "../../server/reach";
import { count, percent, size, span } from "../../words/format";
import { type Key, t } from "../../words/words";

type Entry = Schemas["CachedAnswer"];

const EVERY_MS = 15_000;
const MOST = 100;

export function Cache() {
  const read = (signal: AbortSignal) => told(api.GET("/cache", { signal }));
  const polled = usePolled("cache", read, EVERY_MS);
  const cache = polled.last.value;
  return (
    <section class="card" aria-labelledby="cache-title">
      <div class="card-head">
        <h2 id="cache-title">{t("server.cache")}</h2>
        <a href={addressOf("settings", { search: "cache" })}>{t("system.change_that")}</a>
      </div>
      <p class="quiet">{t("system.cache_about")}</p>
      {cache && <Fill cache={cache} />}
      <LookUp onForgotten={polled.now} />
    </section>
  );
}

function Fill({ cache }: { cache: Schemas["CacheInfo"] }) {
  const share = cache.limit_bytes ? cache.size_bytes / cache.limit_bytes : 0;
  return (
    <>
      <meter aria-label={t("server.cache")} min={0} max={100} value={100 * share}>
        {percent(100 * share)}
      </meter>
      <dl class="facts">
        <dt>{t("system.filled")}</dt>
        <dd>
          {t("server.cache_filled", {
            count: cache.entries,
            size: size(cache.size_bytes),
            limit: size(cache.limit_bytes),
          })}
        </dd>
        <dt>{t("system.answered_by_it")}</dt>
        <dd>
          {t("system.of_queries", {
            count: cache.queries,
            hits: count(cache.hits),
            share: percent(cache.hits_percent),
          })}
        </dd>
        {cache.stale > 0 && (
          <>
            <dt>{t("system.expired_given")}</dt>
            <dd>{count(cache.stale)}</dd>
          </>
        )}
        {cache.evicted > 0 && (
          <>
            <dt>{t("system.evicted")}</dt>
            <dd>{count(cache.evicted)}</dd>
          </>
        )}
      </dl>
    </>
  );
}

function LookUp({ onForgotten }: { onForgotten: () => void }) {
  const name = useSignal("");
  const below = useSignal(false);
  const found = useSignal<readonly Entry[] | null>(null);
  const forgotten = useSignal<number | null>(null);
  const deed = useDeed();
  const what = () => ({ name: name.value.trim(), below: below.value });

  const look = () =>
    deed.run(async () => {
      forgotten.value = null;
      const query = { ...what(), limit: MOST };
      found.value = (await told(api.GET("/cache/entries", { params: { query } }))).entries;
    });
  const forget = (isAll: boolean) =>
    deed.run(async () => {
      const done = await told(
        isAll
          ? api.POST("/cache/flush", { body: {} })
          : api.POST("/cache/flush-name", { body: what() }),
      );
      forgotten.value = done.entries;
      found.value = null;
      onForgotten();
    });
  const isNone = name.value.trim() === "" || deed.isBusy.value;
  return (
    <form
      class="deleting"
      onSubmit={(event) => {
        event.preventDefault();
        look();
      }}
    >
      {may("log:read") && (
        <div class="row">
          <input
            type="text"
            aria-label={t("system.name_in_cache")}
            placeholder={t("system.name_in_cache")}
            spellcheck={false}
            autocomplete="off"
            autocapitalize="off"
            value={name.value}
            onInput={(event) => {
              name.value = event.currentTarget.value;
            }}
          />
          <label class="check">
            <input
              type="checkbox"
              checked={below.value}
              onChange={(event) => {
                below.value = event.currentTarget.checked;
              }}
            />
            {t("system.and_below")}
          </label>
          <button type="submit" disabled={isNone}>
            {t("system.look_up")}
          </button>
          {may("cache:write") && (
            <button type="button" disabled={isNone} onClick={() => forget(false)}>
              {t("system.forget")}
            </button>
          )}
        </div>
      )}
      {may("cache:write") && (
        <div class="choices">
          <button type="button" disabled={deed.isBusy.value} onClick={() => forget(true)}>
            {t("system.forget_all")}
          </button>
        </div>
      )}
      <p id="forgotten" role="status">
        {forgotten.value !== null && t("system.forgotten", { count: forgotten.value })}
        {found.value?.length === 0 && t("system.none_kept")}
      </p>
      <Trouble deed={deed} />
      {found.value && found.value.length > 0 && <Entries entries={found.value} />}
    </form>
  );
}

function Entries({ entries }: { entries: readonly Entry[] }) {
  return (
    <ul class="rules kept" aria-label={t("system.kept")}>
      {entries.map((each) => (
        <li
          key={`${each.name} ${each.type} ${each.dnssec} ${each.unchecked} ${each.for_everybody}`}
        >
          <span>
            <Foreign text={each.name} look="isolated strong" /> {each.type}{" "}
            <span class="quiet">{about(each)}</span>
            {each.records.map(({ type, data }) => (
              <div key={`${type} ${data}`} class="rule">
                <Foreign text={`${type} ${data}`} />
              </div>
            ))}
          </span>
        </li>
      ))}
    </ul>
  );
}

function about(entry: Entry): string {
  const state = entry.state.replace(" ", "_");
  const parts = [t(`system.entry.${state}` as Key)];
  if (entry.ttl_s != null) parts.push(t("system.left", { time: span(entry.ttl_s) }));
  if (entry.rcode !== "NOERROR") parts.push(entry.rcode);
  if (!entry.for_everybody) parts.push(t("system.for_some"));
  return parts.join(" · ");
}
