// What a list decided about lately, with the way to all of it.

import { addressOf } from "../../address";
import { Foreign, Named } from "../../parts/foreign";
import type { List } from "../../parts/list_row";
import { api, told } from "../../server/api";
import { usePolled } from "../../server/polled";
import { clock } from "../../words/format";
import { t } from "../../words/words";

const SHOWN = 10;

export function LastBlocked({ list: { name } }: { list: List }) {
  const read = (signal: AbortSignal) =>
    told(api.POST("/log/search", { body: { lists: [name], limit: SHOWN }, signal }));
  const rows = usePolled("last blocked", read, null, [name]).last.value?.rows;
  return (
    <section class="card" aria-labelledby="decided-title">
      <div class="card-head">
        <h2 id="decided-title">{t("list.decided")}</h2>
        <a href={addressOf("queries", { list: name })}>{t("overview.all_queries")}</a>
      </div>
      {rows?.length === 0 && <p class="quiet">{t("list.decided_none")}</p>}
      <ul class="rules">
        {rows?.map((row) => (
          <li key={row.id}>
            <span>
              <a class="link" href={addressOf("rules", { name: row.name, client: row.client })}>
                <Named
                  name={row.name}
                  read={row.name_unicode === row.name ? "" : row.name_unicode}
                />
              </a>
              <span class="quiet">
                {" "}
                {clock(row.time)} · <Foreign text={row.client_name || row.client} />
              </span>
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
