// The addresses of this machine that devices are to be given.

import { Foreign } from "../../parts/foreign";
import type { Schemas } from "../../server/api";
import { T } from "../../words/rich";
import { t } from "../../words/words";
import { bestOf, reachedBy, type Setup } from "./known";

type Address = Schemas["MachineAddress"];

export function Machine({ setup }: { setup: Setup }) {
  const best = bestOf(setup);
  const others = setup.addresses.filter((each) => !best.includes(each));
  return (
    <section class="card" aria-labelledby="machine-title">
      <h2 id="machine-title">{t("start.machine.title")}</h2>
      {setup.contained && (
        <p class="notice">
          {t("start.machine.contained")}
          {reachedBy() && (
            <>
              {" "}
              <T
                k="start.machine.reached_by"
                values={{
                  address: <Foreign key="address" text={reachedBy()} look="isolated strong" />,
                }}
              />
            </>
          )}
        </p>
      )}
      {best.length === 0 && <p>{t("start.machine.none")}</p>}
      <dl class="keep">
        {best.map((each) => (
          <Best key={each.address} address={each} />
        ))}
      </dl>
      {best.some(({ leased, version }) => leased && version === 4) && (
        <p>{t("start.machine.leased")}</p>
      )}
      {others.length > 0 && (
        <details>
          <summary>{t("start.machine.others")}</summary>
          <ul class="states">
            {others.map((each) => (
              <li key={each.address}>
                <span>
                  <Foreign text={each.address} look="isolated strong" />
                  <span class="quiet">
                    <Foreign text={each.interface} /> · {t(`start.reach.${each.reach}`)}
                  </span>
                </span>
              </li>
            ))}
          </ul>
        </details>
      )}
    </section>
  );
}

function Best({ address: { address, version, interface: at, reach } }: { address: Address }) {
  return (
    <div>
      <dt>IPv{version}</dt>
      <dd>
        <code>{address}</code>{" "}
        <span class="quiet">
          <Foreign text={at} /> · {t(`start.reach.${reach}`)}
        </span>
      </dd>
    </div>
  );
}
