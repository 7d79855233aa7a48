// Accounts of everybody: made, given another role or password, signed out, removed.

import { useSignal } from "@preact/signals";
import { Trouble, useDeed } from "../../parts/deed";
import { Foreign } from "../../parts/foreign";
import { Sure } from "../../parts/sure";
import { api, type Schemas, told } from "../../server/api";
import { usePolled } from "../../server/polled";
import { enter, me } from "../../server/reach";
import { ago, date } from "../../words/format";
import { t } from "../../words/words";
import { SecretField } from "./secret_field";
import { Sessions } from "./sessions";

type Account = Schemas["AccountEntry"];
type Role = Account["role"];

export const ROLES: readonly Role[] = ["viewer", "operator", "admin"];

export function Others() {
  const read = (signal: AbortSignal) => told(api.GET("/accounts", { signal }));
  const polled = usePolled("accounts", read, null);
  return (
    <section class="card" aria-labelledby="others-title">
      <div class="card-head">
        <h2 id="others-title">{t("accounts.all")}</h2>
      </div>
      <ul id="accounts" class="rules">
        {polled.last.value?.accounts.map((account) => (
          <Row key={account.name} account={account} onChanged={polled.now} />
        ))}
      </ul>
      <details>
        <summary>{t("accounts.add")}</summary>
        <Add onAdded={polled.now} />
      </details>
    </section>
  );
}

/** While this machine needs no account. */
export function FirstAccount() {
  return (
    <section class="card" aria-labelledby="first-title">
      <div class="card-head">
        <h2 id="first-title">{t("accounts.first")}</h2>
      </div>
      <p class="quiet">{t("accounts.first_about")}</p>
      <Add isFirst onAdded={() => void enter()} />
    </section>
  );
}

function Add({ isFirst = false, onAdded }: { isFirst?: boolean; onAdded: () => void }) {
  const name = useSignal("");
  const password = useSignal("");
  const role = useSignal<Role>(isFirst ? "admin" : "viewer");
  const deed = useDeed();
  async function add(event: Event): Promise<void> {
    event.preventDefault();
    const body = { name: name.value, password: password.value, role: role.value };
    if (!(await deed.run(() => told(api.POST("/accounts", { body }))))) return;
    name.value = password.value = "";
    onAdded();
  }
  return (
    <form class="stack narrow" aria-label={t("accounts.add")} onSubmit={add}>
      <label class="labelled" htmlFor="account-name">
        <span>{t("door.name")}</span>
        <input
          id="account-name"
          type="text"
          autocomplete="off"
          autocapitalize="off"
          spellcheck={false}
          maxLength={64}
          required
          value={name.value}
          onInput={(event) => {
            name.value = event.currentTarget.value;
          }}
        />
      </label>
      <SecretField id="account-password" label={t("door.password")} value={password} isNew />
      {!isFirst && (
        <RoleChoice
          label={t("accounts.role")}
          role={role.value}
          onChoose={(chosen) => {
            role.value = chosen;
          }}
        />
      )}
      <Trouble deed={deed} />
      <div class="choices">
        <button type="submit" class="main" disabled={deed.isBusy.value}>
          {t("accounts.add")}
        </button>
      </div>
    </form>
  );
}

interface RoleGiven {
  readonly label: string;
  readonly role: Role;
  readonly disabled?: boolean;
  readonly onChoose: (role: Role) => void;
}

function RoleChoice({ label, role, disabled = false, onChoose }: RoleGiven) {
  return (
    <label class="labelled">
      <span>{label}</span>
      <select
        value={role}
        disabled={disabled}
        onChange={(event) => onChoose(event.currentTarget.value as Role)}
      >
        {ROLES.map((each) => (
          <option key={each} value={each}>
            {t(`role.${each}`)}
          </option>
        ))}
      </select>
      <span class="quiet small">{t(`role.about.${role}`)}</span>
    </label>
  );
}

interface RowGiven {
  readonly account: Account;
  readonly onChanged: () => void;
}

function Row({ account, onChanged }: RowGiven) {
  const { name, role, second_factor, sessions, tokens, created, signed_in } = account;
  const isOwn = me.value?.kind === "session" && me.value.name === name;
  const open = useSignal(false);
  const facts = [
    signed_in == null ? t("accounts.never_in") : t("accounts.in_last", { when: ago(signed_in) }),
    t("accounts.sessions_count", { count: sessions }),
    t("accounts.tokens_count", { count: tokens }),
    t("accounts.since", { date: date(created) }),
  ];
  return (
    <li class="account">
      <span>
        <Foreign text={name} look="isolated strong" /> <span class="tag">{t(`role.${role}`)}</span>{" "}
        {second_factor && <span class="tag">{t("accounts.has_second")}</span>}{" "}
        {isOwn && <span class="quiet">{t("accounts.you")}</span>}
        <div class="quiet">{facts.join(" · ")}</div>
      </span>
      {!isOwn && (
        <button
          type="button"
          aria-expanded={open.value}
          aria-label={`${t("accounts.change")}: ${name}`}
          onClick={() => {
            open.value = !open.value;
          }}
        >
          {t("accounts.change")}
        </button>
      )}
      {open.value && <Change account={account} onChanged={onChanged} />}
    </li>
  );
}

function Change({ account: { name, role, second_factor }, onChanged }: RowGiven) {
  const deed = useDeed(onChanged);
  const password = useSignal("");
  const isDone = useSignal(false);
  const params = { path: { name } };
  const give = async (event: Event): Promise<void> => {
    event.preventDefault();
    const body = { password: password.value };
    isDone.value = await deed.run(() =>
      told(api.POST("/accounts/{name}/password", { params, body })),
    );
    if (isDone.value) password.value = "";
  };
  return (
    <div class="change stack">
      <RoleChoice
        label={t("accounts.role_of", { name })}
        role={role}
        disabled={deed.isBusy.value}
        onChoose={(chosen) =>
          deed.run(() =>
            told(api.POST("/accounts/{name}/role", { params, body: { role: chosen } })),
          )
        }
      />
      <form class="stack narrow" onSubmit={give}>
        <SecretField
          id={`password-${name}`}
          label={t("accounts.password_of", { name })}
          value={password}
          isNew
        />
        <div class="choices">
          <button type="submit" disabled={deed.isBusy.value || password.value === ""}>
            {t("accounts.give_password")}
          </button>
          <span role="status">{isDone.value && t("accounts.given")}</span>
        </div>
      </form>
      <OfAccount name={name} onChanged={onChanged} />
      <div class="choices">
        {second_factor && (
          <button
            type="button"
            disabled={deed.isBusy.value}
            onClick={() =>
              deed.run(() =>
                told(api.POST("/accounts/{name}/second-factor-off", { params, body: {} })),
              )
            }
          >
            {t("accounts.second_off")}
          </button>
        )}
        <Sure
          label={t("accounts.remove")}
          name={`${t("accounts.remove")}: ${name}`}
          ask={t("accounts.remove_ask")}
          disabled={deed.isBusy.value}
          onSure={() => deed.run(() => told(api.DELETE("/accounts/{name}", { params })))}
        />
      </div>
      <Trouble deed={deed} />
    </div>
  );
}

function OfAccount({ name, onChanged }: { name: string; onChanged: () => void }) {
  const params = { path: { name } };
  const read = (signal: AbortSignal) =>
    told(api.GET("/accounts/{name}/sessions", { params, signal }));
  const polled = usePolled(`sessions of ${name}`, read, null, [name]);
  const sessions = polled.last.value?.sessions ?? [];
  const deed = useDeed();
  const ended = (): void => {
    polled.now();
    onChanged();
  };
  return (
    <div class="stack">
      <h3>{t("accounts.sessions_of", { name })}</h3>
      <Sessions
        sessions={sessions}
        end={(id) =>
          told(api.DELETE("/accounts/{name}/sessions/{id}", { params: { path: { name, id } } }))
        }
        onEnded={ended}
      />
      {sessions.length > 1 && (
        <div class="choices">
          <button
            type="button"
            disabled={deed.isBusy.value}
            onClick={async () => {
              await deed.run(() =>
                told(api.POST("/accounts/{name}/sign-out", { params, body: {} })),
              );
              ended();
            }}
          >
            {t("accounts.sign_out_everywhere")}
          </button>
        </div>
      )}
      <Trouble deed={deed} />
    </div>
  );
}
