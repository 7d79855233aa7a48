// How the server does, what it keeps and where, and what can be done about either.

import { api, told } from "../../server/api";
import { usePolled } from "../../server/polled";
import { may } from "../../server/reach";
import { t } from "../../words/words";
import { About } from "./about";
import { Backups } from "./backups";
import { ThisBrowser } from "./browser";
import { Cache } from "./cache";
import { Health } from "./health";
import { Import } from "./import";
import { Keeping } from "./keeping";
import { Pair } from "./pair";
import { Storage } from "./storage";
import "./system.css";

const EVERY_MS = 15_000;

export default function System() {
  const read = (signal: AbortSignal) => told(api.GET("/status", { signal }));
  const polled = usePolled("status", read, EVERY_MS);
  const status = polled.last.value;
  return (
    <>
      <h1 class="unseen">{t("nav.system_page")}</h1>
      <div class="system">
        <div class="column">
          <Health status={status} onAccepted={polled.now} />
          <Keeping log={status?.log ?? null} onDeleted={polled.now} />
        </div>
        <div class="column">
          <Storage />
          <Cache />
        </div>
        {may("backup:read") ? <Backups /> : <NoBackups />}
        <Pair />
        {may("settings:write") && <Import />}
        <ThisBrowser />
        <About status={status} />
      </div>
    </>
  );
}

function NoBackups() {
  return (
    <section class="card whole" aria-labelledby="backups-title">
      <div class="card-head">
        <h2 id="backups-title">{t("system.backups")}</h2>
      </div>
      <p class="quiet">{t("system.backups_of_admins")}</p>
    </section>
  );
}
