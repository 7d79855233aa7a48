// Which names came and went between two versions of a list, a page at a time.

import { useSignal } from "@preact/signals";
import { Foreign } from "../../parts/foreign";
import type { Schemas } from "../../server/api";
import { count, moment } from "../../words/format";
import { t } from "../../words/words";

const PAGE = 50;

export function Difference({ found }: { found: Schemas["ListDifference"] }) {
  const { old, new: newer, new_is } = found;
  return (
    <div id="difference" class="difference" role="status">
      <p>
        {t(new_is === "held back" ? "list.diff_held" : "list.diff_used", {
          old: moment(old.since),
          new: moment(newer.since),
        })}
      </p>
      <div class="sides">
        <Names title="list.came_names" total={found.added} names={found.added_samples} />
        <Names title="list.went_names" total={found.removed} names={found.removed_samples} />
      </div>
    </div>
  );
}

interface Given {
  readonly title: "list.came_names" | "list.went_names";
  readonly total: number;
  readonly names: readonly string[];
}

function Names({ title, total, names }: Given) {
  const from = useSignal(0);
  const shown = names.slice(from.value, from.value + PAGE);
  return (
    <section aria-label={t(title, { count: total })}>
      <h3>{t(title, { count: total })}</h3>
      <ul class="names">
        {shown.map((name) => (
          <li key={name}>
            <Foreign text={name} look="rule" />
          </li>
        ))}
      </ul>
      {names.length > PAGE && (
        <p class="choices">
          <button
            type="button"
            disabled={from.value === 0}
            onClick={() => {
              from.value -= PAGE;
            }}
          >
            {t("list.before")}
          </button>
          <button
            type="button"
            disabled={from.value + PAGE >= names.length}
            onClick={() => {
              from.value += PAGE;
            }}
          >
            {t("list.next")}
          </button>
          <span class="quiet" role="status">
            {t("list.page", {
              first: count(from.value + 1),
              last: count(from.value + shown.length),
              all: count(total),
            })}
          </span>
        </p>
      )}
      {total > names.length && <p class="quiet">{t("list.only_first", { count: names.length })}</p>}
    </section>
  );
}
