// The versions of a list that are kept, what came and went with the newest, and going back.

import { useSignal } from "@preact/signals";
import { type Deed, Trouble, useDeed } from "../../parts/deed";
import type { List } from "../../parts/list_row";
import { api, type Schemas, told } from "../../server/api";
import { usePolled } from "../../server/polled";
import { may } from "../../server/reach";
import { count, moment, size } from "../../words/format";
import { t } from "../../words/words";
import { Difference } from "./difference";
import { rollBack } from "./undo";

type Kept = Schemas["Versions"];

const MOST = 2_000;

export function Versions({ list, onChanged }: { list: List; onChanged: () => void }) {
  const params = { path: { name: list.name } };
  const read = (signal: AbortSignal) => told(api.GET("/lists/{name}/versions", { params, signal }));
  const marks = [list.name, list.changed, list.quarantine?.since];
  const kept = usePolled("versions", read, null, marks).last.value;
  const deed = useDeed(onChanged);
  if (!kept || kept.versions.length === 0) return null;
  return (
    <section class="card" aria-labelledby="versions-title">
      <div class="card-head">
        <h2 id="versions-title">{t("list.versions")}</h2>
        {kept.can_roll_back && may("lists:write") && <RollBack list={list} deed={deed} />}
      </div>
      <p class="quiet">{t("list.versions_about")}</p>
      <Trouble deed={deed} />
      <Table kept={kept} />
      {kept.versions.length > 1 && <Differing key={marks.join()} list={list} />}
    </section>
  );
}

function RollBack({ list, deed }: { list: List; deed: Deed }) {
  return (
    <button
      type="button"
      disabled={deed.isBusy.value}
      onClick={() => deed.run(() => rollBack(list.name))}
    >
      {t("lists.roll_back")}
    </button>
  );
}

function Table({ kept }: { kept: Kept }) {
  return (
    <table id="versions" class="plain">
      <caption class="unseen">{t("list.versions")}</caption>
      <thead>
        <tr>
          <th scope="col">{t("list.came")}</th>
          <th scope="col">{t("list.use")}</th>
          <th scope="col" class="number">
            {t("overview.names")}
          </th>
          <th scope="col" class="number">
            {t("list.size")}
          </th>
        </tr>
      </thead>
      <tbody>
        {kept.versions.map((version) => (
          <tr key={version.since}>
            <th scope="row">{moment(version.since)}</th>
            <td>{t(`list.use.${version.use}`)}</td>
            <td class="number">{count(version.names)}</td>
            <td class="number">{size(version.size_bytes)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** What differs is worked out when somebody asks, as that may take a while. */
function Differing({ list }: { list: List }) {
  const found = useSignal<Schemas["ListDifference"] | null>(null);
  const deed = useDeed();
  const compare = () =>
    deed.run(async () => {
      const params = { path: { name: list.name }, query: { most: MOST } };
      found.value = await told(api.GET("/lists/{name}/diff", { params }));
    });
  return (
    <>
      {found.value === null && (
        <button type="button" disabled={deed.isBusy.value} onClick={compare}>
          {t(deed.isBusy.value ? "list.comparing" : "list.compare")}
        </button>
      )}
      <Trouble deed={deed} />
      {found.value && <Difference found={found.value} />}
    </>
  );
}
