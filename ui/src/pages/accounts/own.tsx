// One's own account: what it may, its password, its second factor, and where one is signed in.

import { useSignal } from "@preact/signals";
import { Trouble, useDeed } from "../../parts/deed";
import { Foreign } from "../../parts/foreign";
import { api, type Schemas, told } from "../../server/api";
import { usePolled } from "../../server/polled";
import { enter, isPlain } from "../../server/reach";
import { ago, date, moment } from "../../words/format";
import { t } from "../../words/words";
import { SecondFactor } from "./second_factor";
import { SecretField } from "./secret_field";
import { Sessions } from "./sessions";

type Account = Schemas["AccountEntry"];

interface Given {
  readonly own: Account;
  readonly onChanged: () => void;
}

export function Own({ own, onChanged }: Given) {
  return (
    <section class="card own" aria-labelledby="own-title">
      <div class="card-head">
        <h2 id="own-title">
          {t("accounts.own")} <Foreign text={own.name} />
        </h2>
        <span class="tag">{t(`role.${own.role}`)}</span>
      </div>
      <p class="quiet">
        {t(`role.about.${own.role}`)} · {t("accounts.since", { date: date(own.created) })}
      </p>
      {isPlain() && <p class="error">{t("accounts.plain")}</p>}
      <div class="halves">
        <Password />
        <SecondFactor own={own} onChanged={onChanged} />
      </div>
      <OwnSessions />
    </section>
  );
}

function Password() {
  const present = useSignal("");
  const wanted = useSignal("");
  const isDone = useSignal(false);
  const deed = useDeed();
  async function change(event: Event): Promise<void> {
    event.preventDefault();
    isDone.value = false;
    const body = { password: present.value, new_password: wanted.value };
    isDone.value = await deed.run(() => told(api.POST("/own/password", { body })));
    if (isDone.value) present.value = wanted.value = "";
  }
  return (
    <form class="stack" aria-labelledby="password-title" onSubmit={change}>
      <h3 id="password-title">{t("accounts.password")}</h3>
      <SecretField id="present" label={t("accounts.present")} value={present} />
      <SecretField id="new-password" label={t("accounts.new_password")} value={wanted} isNew />
      <Trouble deed={deed} />
      <p role="status">{isDone.value && t("accounts.password_done")}</p>
      <button type="submit" disabled={deed.isBusy.value}>
        {t("accounts.change_password")}
      </button>
    </form>
  );
}

function OwnSessions() {
  const read = (signal: AbortSignal) => told(api.GET("/own/sessions", { signal }));
  const polled = usePolled("own sessions", read, null);
  const sessions = polled.last.value?.sessions ?? [];
  const deed = useDeed();
  const everywhere = async (): Promise<void> => {
    const done = await deed.run(() => told(api.POST("/own/sign-out-everywhere", { body: {} })));
    if (done) await enter();
  };
  const before = sessions.filter((each) => !each.current).sort((a, b) => b.created - a.created)[0];
  return (
    <div class="stack">
      <h3>{t("accounts.sessions")}</h3>
      {before && (
        <p class="quiet">
          {t("accounts.last_elsewhere", { when: ago(before.created), at: moment(before.created) })}
        </p>
      )}
      <Sessions
        sessions={sessions}
        end={(id) => told(api.DELETE("/own/sessions/{id}", { params: { path: { id } } }))}
        onEnded={polled.now}
      />
      <div class="choices">
        <button type="button" disabled={deed.isBusy.value} onClick={everywhere}>
          {t("accounts.sign_out_everywhere")}
        </button>
      </div>
      <Trouble deed={deed} />
    </div>
  );
}
