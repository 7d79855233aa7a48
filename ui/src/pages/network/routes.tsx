// Which names other servers are asked about: those of the router, of a company, of anybody else.

import { api, told } from "../../server/api";
import { usePolled } from "../../server/polled";
import { t } from "../../words/words";
import { useDrafts } from "./drafts";
import { NewRoute } from "./new_route";
import { Reviewed } from "./reviewed";
import { OneRoute } from "./route";
import { RouterNames } from "./router_names";
import type { States } from "./servers";
import { SETS } from "./sets";
import { WhereTo } from "./where_to";
import "./network.css";

const EVERY_MS = 10_000;
const ROUTES = "upstream.routes";

export default function Routes() {
  const drafts = useDrafts("upstream");
  const read = (signal: AbortSignal) => told(api.GET("/upstreams", { signal }));
  const found = usePolled("upstreams", read, EVERY_MS).last.value;
  const states: States = new Map(found?.upstreams.map((each) => [each.name, each]));
  const routes = drafts.items(ROUTES);
  const sets = drafts.items(SETS).map(({ name }) => name);
  const set = (name: string, to: unknown) => drafts.set(ROUTES, to, name);
  return (
    <>
      <section class="card" aria-labelledby="routes-title">
        <div class="card-head">
          <h1 id="routes-title">{t("network.routes")}</h1>
        </div>
        <p class="quiet help">{t("network.routes.help")}</p>
        {drafts.isRead && routes.length === 0 && <p class="quiet">{t("network.routes.none")}</p>}
        <ul id="routes" class="devices">
          {routes.map(({ name, value, isNew }) => (
            <OneRoute
              key={name}
              isNew={isNew}
              name={name}
              to={value}
              sets={sets}
              drafts={drafts}
              states={states}
            />
          ))}
        </ul>
        {drafts.isRead && drafts.mayChange(ROUTES) && (
          <NewRoute sets={sets} taken={routes.map(({ name }) => name)} onAdd={set} />
        )}
      </section>
      {drafts.isRead && drafts.mayChange(ROUTES) && <RouterNames onAdd={set} />}
      <WhereTo />
      <Reviewed drafts={drafts} />
    </>
  );
}
