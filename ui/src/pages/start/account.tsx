// Step one for who is in already: signed in, or at a machine that still needs no account.

import { useSignal } from "@preact/signals";
import { Field } from "../../door";
import { Trouble, useDeed } from "../../parts/deed";
import { Foreign } from "../../parts/foreign";
import { api, told } from "../../server/api";
import { me, welcome } from "../../server/reach";
import { T } from "../../words/rich";
import { t } from "../../words/words";

export function AccountStep() {
  const isAtHome = me.value?.kind === "loopback";
  return (
    <section class="card" aria-label={t("start.step.account")}>
      {isAtHome ? (
        <NewAccount />
      ) : (
        <p class="good">
          <T
            k="start.account.signed_in"
            values={{
              name: <Foreign key="name" text={me.value?.name ?? ""} look="isolated strong" />,
            }}
          />
        </p>
      )}
    </section>
  );
}

/** An account, and signed in by it at once: from now on, this machine has to, too. */
function NewAccount() {
  const deed = useDeed();
  const made = useSignal(false);
  async function make(event: Event): Promise<void> {
    event.preventDefault();
    const given = new FormData(event.currentTarget as HTMLFormElement);
    const [name, password] = [String(given.get("name")), String(given.get("password"))];
    await deed.run(async () => {
      if (!made.value) {
        await told(api.POST("/accounts", { body: { name, password, role: "admin" } }));
        made.value = true;
      }
      welcome(await told(api.POST("/sign-in", { body: { name, password, second: "" } })));
    });
  }
  return (
    <>
      <p>{t("start.account.at_home")}</p>
      <form class="sign-in plain-form" onSubmit={make} aria-label={t("start.account.make")}>
        <Field name="name" label="door.name" autocomplete="username" />
        <Field name="password" label="door.password" isSecret autocomplete="new-password" />
        <p class="quiet">{t("start.account.password")}</p>
        <Trouble deed={deed} />
        <button type="submit" class="main" disabled={deed.isBusy.value}>
          {t("start.account.make")}
        </button>
      </form>
    </>
  );
}
