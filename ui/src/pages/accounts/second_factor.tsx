// One's own second factor: set up with an app that shows codes, given up, and its recovery codes.

import { useSignal } from "@preact/signals";
import { Copied } from "../../parts/copied";
import { Trouble, useDeed } from "../../parts/deed";
import { Qr } from "../../parts/qr";
import { api, type Schemas, told } from "../../server/api";
import { t } from "../../words/words";
import { SecretField } from "./secret_field";

interface Given {
  readonly own: Schemas["AccountEntry"];
  readonly onChanged: () => void;
}

export function SecondFactor({ own, onChanged }: Given) {
  const password = useSignal("");
  const enrolled = useSignal<Schemas["Enrolled"] | null>(null);
  const codes = useSignal<readonly string[]>([]);
  const deed = useDeed();

  /** Do something that the password is needed for, and forget it. */
  const run = (work: (body: { password: string }) => Promise<unknown>) =>
    deed.run(async () => {
      await work({ password: password.value });
      password.value = "";
      onChanged();
    });
  const begin = () =>
    run(async (body) => {
      enrolled.value = await told(api.POST("/own/second-factor", { body }));
    });
  const renew = () =>
    run(async (body) => {
      codes.value = (await told(api.POST("/own/recovery-codes", { body }))).codes;
    });
  const giveUp = () =>
    run(async (body) => {
      await told(api.POST("/own/second-factor/off", { body }));
      codes.value = [];
    });

  return (
    <form
      class="stack"
      aria-labelledby="second-title"
      onSubmit={(event) => {
        event.preventDefault();
        if (!own.second_factor) begin();
      }}
    >
      <h3 id="second-title">{t("accounts.second")}</h3>
      <p class="quiet">
        {own.second_factor
          ? t("accounts.second_on", { count: own.recovery_codes })
          : t("accounts.second_about")}
      </p>
      {codes.value.length > 0 && <Recovery codes={codes.value} />}
      {enrolled.value ? (
        <Confirm
          enrolled={enrolled.value}
          onDone={(made) => {
            enrolled.value = null;
            codes.value = made;
            onChanged();
          }}
        />
      ) : (
        <>
          <SecretField id="second-password" label={t("accounts.present")} value={password} />
          <div class="choices">
            {own.second_factor ? (
              <>
                <button
                  type="button"
                  disabled={!password.value || deed.isBusy.value}
                  onClick={renew}
                >
                  {t("accounts.new_codes")}
                </button>
                <button
                  type="button"
                  disabled={!password.value || deed.isBusy.value}
                  onClick={giveUp}
                >
                  {t("accounts.second_off")}
                </button>
              </>
            ) : (
              <button type="submit" disabled={deed.isBusy.value}>
                {t("accounts.second_begin")}
              </button>
            )}
          </div>
        </>
      )}
      <Trouble deed={deed} />
    </form>
  );
}

interface ConfirmGiven {
  readonly enrolled: Schemas["Enrolled"];
  readonly onDone: (codes: readonly string[]) => void;
}

function Confirm({ enrolled, onDone }: ConfirmGiven) {
  const code = useSignal("");
  const deed = useDeed();
  const confirm = () =>
    deed.run(async () => {
      const body = { code: code.value.replaceAll(/\s/g, "") };
      onDone((await told(api.POST("/own/second-factor/confirm", { body }))).codes);
    });
  return (
    <>
      <p>{t("accounts.scan")}</p>
      <Qr text={enrolled.uri} label={t("accounts.qr")} />
      <p class="quiet">{t("accounts.or_type")}</p>
      <Copied text={enrolled.secret} label={t("accounts.secret")} />
      <label class="labelled" htmlFor="second-code">
        <span>{t("accounts.code")}</span>
        <input
          id="second-code"
          type="text"
          inputMode="numeric"
          autocomplete="one-time-code"
          maxLength={16}
          value={code.value}
          onInput={(event) => {
            code.value = event.currentTarget.value;
          }}
        />
      </label>
      <div class="choices">
        <button
          type="button"
          class="main"
          disabled={!code.value.trim() || deed.isBusy.value}
          onClick={confirm}
        >
          {t("accounts.confirm")}
        </button>
      </div>
      <Trouble deed={deed} />
    </>
  );
}

function Recovery({ codes }: { codes: readonly string[] }) {
  return (
    <div class="stack shown-once" role="status">
      <strong>{t("accounts.codes_title")}</strong>
      <p>{t("accounts.codes_about")}</p>
      <Copied text={codes.join("\n")} label={t("accounts.codes_title")} />
    </div>
  );
}
