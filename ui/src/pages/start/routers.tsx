// Where a router is told which server devices are to ask, by who made it.

import { useSignal } from "@preact/signals";
import { Foreign } from "../../parts/foreign";
import { T } from "../../words/rich";
import { type Key, t } from "../../words/words";
import { bestOf, reachedBy, type Setup } from "./known";

/** By its maker's name, which is the same in all languages. */
const BRANDS = {
  fritzbox: "FRITZ!Box",
  speedport: "Speedport",
  tplink: "TP-Link",
  asus: "ASUS",
  netgear: "NETGEAR",
  unifi: "UniFi",
  openwrt: "OpenWrt",
  opnsense: "OPNsense",
  pfsense: "pfSense",
  google: "Google Nest, Google Wifi",
} as const;

type Brand = keyof typeof BRANDS | "other" | "cannot";

export function Routers({ setup }: { setup: Setup }) {
  const brand = useSignal<Brand>("other");
  const chosen = brand.value;
  return (
    <section class="card" aria-labelledby="router-title">
      <div class="card-head">
        <h2 id="router-title">{t("start.router.title")}</h2>
        <select
          aria-label={t("start.router.brand")}
          value={chosen}
          onChange={(event) => {
            brand.value = event.currentTarget.value as Brand;
          }}
        >
          <option value="other">{t("start.router.any")}</option>
          {Object.entries(BRANDS).map(([id, name]) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
          <option value="cannot">{t("start.router.that_cannot")}</option>
        </select>
      </div>
      <div id="router-guide" aria-live="polite">
        <Guide brand={chosen} setup={setup} />
      </div>
    </section>
  );
}

function Guide({ brand, setup }: { brand: Brand; setup: Setup }) {
  const best = bestOf(setup);
  const four = best.find(({ version }) => version === 4)?.address;
  const six = best.find(({ version }) => version === 6)?.address;
  const address = (setup.contained && reachedBy()) || four || six || t("start.router.the_address");
  const values = {
    address: <Foreign key="address" text={address} look="isolated strong" />,
    router: <Foreign key="router" text={setup.routers[0] ?? t("start.router.its_page")} />,
  };
  return (
    <>
      <ol class="numbered">
        {partsOf(`start.router.${brand}`).map((key) => (
          <li key={key}>
            <T k={key} values={values} />
          </li>
        ))}
      </ol>
      {brand !== "cannot" && (
        <>
          <p>{t("start.router.only_one")}</p>
          {six && (
            <p>
              <T
                k={brand === "fritzbox" ? "start.router.six_fritzbox" : "start.router.six"}
                values={{ address: <Foreign key="six" text={six} look="isolated strong" /> }}
              />
            </p>
          )}
          <p class="quiet">{t("start.router.renew")}</p>
        </>
      )}
    </>
  );
}

/** What is done there, a sentence or two each. */
const partsOf = (key: string): Key[] => [1, 2, 3].map((each) => `${key}.${each}` as Key);
