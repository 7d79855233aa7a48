// Names of the house with their records, tried as a device would ask for them; and the names that
// devices have by themselves.

import { t } from "../../words/words";
import { DeviceNames } from "./device_names";
import { Drafted } from "./drafted";
import { type Drafts, useDrafts } from "./drafts";
import { OneName } from "./name";
import { NewName } from "./new_name";
import { Reviewed } from "./reviewed";
import "./network.css";

const RECORDS = "local.records";

export default function Names() {
  const drafts = useDrafts("local");
  const names = drafts.items(RECORDS);
  return (
    <>
      <section class="card" aria-labelledby="names-title">
        <div class="card-head">
          <h1 id="names-title">{t("network.names")}</h1>
        </div>
        <p class="quiet help">{t("network.names.help")}</p>
        {drafts.isRead && names.length === 0 && <p class="quiet">{t("network.names.none")}</p>}
        <ul id="names" class="devices">
          {names.map(({ name, value }) => (
            <OneName key={name} name={name} records={value as readonly string[]} drafts={drafts} />
          ))}
        </ul>
        {drafts.isRead && drafts.mayChange(RECORDS) && (
          <NewName
            taken={names.map(({ name }) => name)}
            onAdd={(name, record) => drafts.set(RECORDS, [record], name)}
          />
        )}
      </section>
      {drafts.isRead && <More drafts={drafts} />}
      <DeviceNames />
      <Reviewed drafts={drafts} />
    </>
  );
}

/** The hosts file, and how long answers hold. */
function More({ drafts }: { drafts: Drafts }) {
  return (
    <section class="card" aria-labelledby="more-title">
      <div class="card-head">
        <h2 id="more-title">{t("network.names.more")}</h2>
      </div>
      <HostsFile drafts={drafts} />
      <Drafted drafts={drafts} name="local.ttl" />
    </section>
  );
}

function HostsFile({ drafts }: { drafts: Drafts }) {
  const key = "local.hosts_file";
  const value = drafts.value(key);
  return (
    <Drafted drafts={drafts} name={key}>
      <input
        id={key}
        type="checkbox"
        class="toggle"
        checked={value !== false}
        disabled={!drafts.mayChange(key)}
        onChange={(event) => drafts.set(key, event.currentTarget.checked)}
      />
      {typeof value === "string" && <code>{value}</code>}
    </Drafted>
  );
}
