// All about one list: what it holds and does, its versions, and what can be done about it.

import { addressOf, place } from "../../address";
import { Trouble, useDeed } from "../../parts/deed";
import { Fetching } from "../../parts/fetching";
import { Foreign, Translated } from "../../parts/foreign";
import { factsOf, isChangeable, type List, Refusals, stateOf, toneOf } from "../../parts/list_row";
import { WantedBy } from "../../parts/wanted_by";
import { api, told } from "../../server/api";
import { usePolled } from "../../server/polled";
import { may } from "../../server/reach";
import { t, translated } from "../../words/words";
import { Changing, Undo } from "./changing";
import { LastBlocked } from "./last_blocked";
import { accept } from "./undo";
import { Versions } from "./versions";
import "./list.css";

const EVERY_MS = 10_000;

export default function ListPage() {
  const name = place.value.item;
  const read = (signal: AbortSignal) => told(api.GET("/lists", { signal }));
  const polled = usePolled("list", read, EVERY_MS);
  const lists = polled.last.value?.lists;
  const list = lists?.find((each) => each.name.toLowerCase() === name.toLowerCase());
  return (
    <>
      <p class="back">
        <a href={addressOf("lists")}>← {t("nav.lists")}</a>
      </p>
      <Undo onDone={polled.now} />
      {lists && !list && <Gone name={name} />}
      {list && <About key={list.name} list={list} onChanged={polled.now} />}
    </>
  );
}

function Gone({ name }: { name: string }) {
  return (
    <section class="card">
      <h1>
        <Foreign text={name} />
      </h1>
      <p class="quiet">{t("list.gone")}</p>
    </section>
  );
}

function About({ list, onChanged }: { list: List; onChanged: () => void }) {
  const deed = useDeed(onChanged);
  const { name, enabled } = list;
  const fetchNow = () =>
    deed.run(() => told(api.POST("/lists/update", { body: { names: [name], force: false } })));
  return (
    <>
      <section class="card about" aria-labelledby="list-title">
        <div class="card-head">
          <h1 id="list-title">
            <Foreign text={name} />
          </h1>
          {enabled && may("lists:write") && (
            <button type="button" disabled={deed.isBusy.value} onClick={fetchNow}>
              {t("list.fetch_now")}
            </button>
          )}
        </div>
        <Fetching isBusy={deed.isBusy.value} name={name} />
        <Trouble deed={deed} />
        <p id="list-state" class={`state ${toneOf(list)}`}>
          <span class="mark" aria-hidden="true" /> {stateOf(list)}
        </p>
        {list.error && (
          <p class="error">
            <Translated text={list.error} />
          </p>
        )}
        <dl class="facts wide">
          <dt>{t("list.kind")}</dt>
          <dd>{t(`list.kind.${list.kind}`)}</dd>
          <dt>{t("lists.from")}</dt>
          <dd>
            <Foreign text={list.url} />
          </dd>
          {factsOf(list).map(([term, value]) => (
            <div key={term} class="fact">
              <dt>{term}</dt>
              <dd>{value}</dd>
            </div>
          ))}
        </dl>
        {list.held_by && (
          <p class="quiet">
            {t("held_by", { where: translated(list.held_by) })} · {t("list.held_by_file")}
          </p>
        )}
        <WantedBy list={list} />
        {isChangeable(list) && may("lists:write") && <Changing list={list} onChanged={onChanged} />}
      </section>
      {list.quarantine && <HeldBack list={list} onChanged={onChanged} />}
      {enabled && <Versions list={list} onChanged={onChanged} />}
      {list.refused > 0 && (
        <section class="card" aria-labelledby="refused-title">
          <div class="card-head">
            <h2 id="refused-title">{t("lists.not_understood", { count: list.refused })}</h2>
          </div>
          <p class="quiet">{t("list.refused_about")}</p>
          <Refusals list={list} />
        </section>
      )}
      {enabled && may("log:read") && <LastBlocked list={list} />}
    </>
  );
}

function HeldBack({ list, onChanged }: { list: List; onChanged: () => void }) {
  const deed = useDeed(onChanged);
  const held = list.quarantine;
  if (!held) return null;
  return (
    <section class="card held" aria-labelledby="held-title">
      <div class="card-head">
        <h2 id="held-title">{t("list.held_title")}</h2>
      </div>
      <p class="error">
        <Translated text={held.reason} />
      </p>
      <p class="quiet">
        {t("names.count", { count: held.names })} · {t("list.held_about")}
      </p>
      {may("lists:write") && (
        <button
          type="button"
          disabled={deed.isBusy.value}
          onClick={() => deed.run(() => accept(list.name))}
        >
          {t("lists.use_all_the_same")}
        </button>
      )}
      <Trouble deed={deed} />
    </section>
  );
}
