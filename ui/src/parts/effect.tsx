// What rules or lists would have changed of one's own queries: the sum, the names, and for whom.

import { addressOf } from "../address";
import type { Schemas } from "../server/api";
import { count, percent } from "../words/format";
import { t } from "../words/words";
import { Foreign, Named } from "./foreign";
import "./effect.css";

type Effect = Schemas["LogEffect"];

export function LogEffect({ found }: { found: Effect }) {
  const isNothing = found.queries_blocked + found.queries_freed === 0;
  return (
    <div class="effect">
      <p class="sums">{isNothing ? nothing(found) : <Sums found={found} />}</p>
      {!isNothing && (
        <div class="boards">
          <Names found={found} />
          <Clients found={found} />
        </div>
      )}
      {found.partial && <p class="quiet">{t("effect.partial")}</p>}
    </div>
  );
}

const nothing = ({ days, queries }: Effect): string =>
  queries === 0 ? t("effect.no_queries", { days }) : t("effect.nothing", { days, count: queries });

function Sums({ found }: { found: Effect }) {
  const { days, percent: share, queries_blocked, queries_freed } = found;
  return (
    <>
      {queries_blocked > 0 && (
        <span>
          {t("effect.blocked", {
            count: queries_blocked,
            names: t("names.count", { count: found.names_blocked }),
          })}{" "}
        </span>
      )}
      {queries_freed > 0 && (
        <span>
          {t("effect.freed", {
            count: queries_freed,
            names: t("names.count", { count: found.names_freed }),
          })}{" "}
        </span>
      )}
      <span class="quiet">
        {t("effect.of", { days, share: percent(share), queries: count(found.queries) })}
      </span>
    </>
  );
}

function Names({ found: { top } }: { found: Effect }) {
  const most = Math.max(...top.map(({ queries }) => queries), 1);
  return (
    <section class="board">
      <h3>{t("effect.names")}</h3>
      <ol>
        {top.map((each) => (
          <li key={each.name} class={each.becomes}>
            <Bar share={each.queries / most} />
            <a class="link what" href={addressOf("rules", { name: each.name })}>
              <Named
                name={each.name}
                read={each.name_unicode === each.name ? "" : each.name_unicode}
              />
            </a>
            <span class="number">{count(each.queries)}</span>
            <span class="quiet note">
              {t(`effect.becomes.${each.becomes}`)}
              {each.clients.length > 0 && (
                <>
                  {" · "}
                  <Foreign
                    text={each.clients
                      .map(({ client, client_name }) => client_name || client)
                      .join(", ")}
                  />
                </>
              )}
            </span>
          </li>
        ))}
      </ol>
    </section>
  );
}

function Clients({ found: { clients } }: { found: Effect }) {
  if (clients.length === 0) return null;
  const sum = (each: Effect["clients"][number]) => each.queries_blocked + each.queries_freed;
  const most = Math.max(...clients.map(sum), 1);
  return (
    <section class="board">
      <h3>{t("effect.clients")}</h3>
      <ol>
        {clients.map((each) => (
          <li
            key={each.client}
            class={each.queries_freed > each.queries_blocked ? "freed" : "blocked"}
          >
            <Bar share={sum(each) / most} />
            <a class="link what" href={addressOf("queries", { client: each.client })}>
              <Foreign text={each.client_name || each.client} look="name" />
            </a>
            <span class="number">{count(sum(each))}</span>
          </li>
        ))}
      </ol>
    </section>
  );
}

function Bar({ share }: { share: number }) {
  return <span class="bar" aria-hidden="true" style={{ "--share": share.toFixed(4) }} />;
}
