// The sinkholes that share a database: how each does, drained, forgotten.

import { Translated } from "../../parts/foreign";
import { useNodes } from "../../server/nodes";
import { ago } from "../../words/format";
import { t } from "../../words/words";
import "./nodes.css";
import { Table } from "./table";

const EVERY_MS = 5_000;

export default function Nodes() {
  const { last, now, take } = useNodes(EVERY_MS);
  const found = last.value;
  return (
    <section class="card" aria-labelledby="nodes-title">
      <div class="card-head">
        <h1 id="nodes-title">{t("nav.nodes")}</h1>
      </div>
      <p class="quiet help">{t("nodes.about")}</p>
      {found === null && <p>{t("nodes.not_told")}</p>}
      {found && !found.shared && <p>{t("nodes.alone")}</p>}
      {found?.error && (
        <p class="notice warning" role="status">
          {t("nodes.not_heard")} <Translated text={found.error} />
          {found.known !== null && ` ${t("nodes.last_known", { when: ago(found.known) })}`}
        </p>
      )}
      {found && <Table nodes={found.nodes} onChanged={now} onTold={take} />}
    </section>
  );
}
