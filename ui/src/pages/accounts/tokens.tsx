// Tokens, by which programs come in: listed with their last use, made and shown once, removed.

import { useSignal } from "@preact/signals";
import { Copied } from "../../parts/copied";
import { Trouble, useDeed } from "../../parts/deed";
import { Foreign } from "../../parts/foreign";
import { Sure } from "../../parts/sure";
import { api, type Schemas, told } from "../../server/api";
import { usePolled } from "../../server/polled";
import { me } from "../../server/reach";
import { ago, moment, span } from "../../words/format";
import { t } from "../../words/words";

type Token = Schemas["TokenEntry"];
type Permission = Schemas["Permission"];

const DAY_S = 86_400;
/** How long a token may last, in days; 0 is for good. */
const LASTS = [30, 90, 365, 0] as const;

export function Tokens() {
  const read = (signal: AbortSignal) => told(api.GET("/tokens", { signal }));
  const polled = usePolled("tokens", read, null);
  const tokens = polled.last.value?.tokens;
  return (
    <section class="card" aria-labelledby="tokens-title">
      <div class="card-head">
        <h2 id="tokens-title">{t("tokens.title")}</h2>
      </div>
      <p class="quiet">{t("tokens.about")}</p>
      {tokens?.length === 0 && <p>{t("tokens.none")}</p>}
      <ul id="tokens" class="rules">
        {tokens?.map((token) => (
          <Row key={token.id} token={token} onRemoved={polled.now} />
        ))}
      </ul>
      {/* Whoever has no account can't make one that is gone with it. */}
      {me.value?.kind !== "token" && <Make onMade={polled.now} />}
    </section>
  );
}

function Row({ token, onRemoved }: { token: Token; onRemoved: () => void }) {
  const deed = useDeed();
  const { id, name, made_by, permissions, may, left_s, used, address } = token;
  const lost = permissions.filter((each) => !may.includes(each));
  const remove = async (): Promise<void> => {
    const path = { token: id };
    if (await deed.run(() => told(api.DELETE("/tokens/{token}", { params: { path } }))))
      onRemoved();
  };
  return (
    <li>
      <span>
        <Foreign text={name} look="isolated strong" />{" "}
        <span class="quiet">
          {made_by && (
            <>
              {t("tokens.made_by")} <Foreign text={made_by} /> ·{" "}
            </>
          )}
          {used == null ? t("tokens.never_used") : t("tokens.used", { when: ago(used) })}
          {address && (
            <>
              {" "}
              <Foreign text={address} />
            </>
          )}{" "}
          · {ends(left_s)}
        </span>
        <div class="quiet small">{may.map((each) => t(`permission.${each}`)).join(" · ")}</div>
        {lost.length > 0 && (
          <div class="error small">
            {t("tokens.less")} {lost.map((each) => t(`permission.${each}`)).join(" · ")}
          </div>
        )}
        <Trouble deed={deed} />
      </span>
      <Sure
        label={t("lists.remove")}
        name={`${t("lists.remove")}: ${name}`}
        ask={t("tokens.remove_ask")}
        disabled={deed.isBusy.value}
        onSure={remove}
      />
    </li>
  );
}

function ends(left_s: number | null): string {
  if (left_s == null) return t("tokens.for_good");
  return left_s === 0 ? t("tokens.ended") : t("tokens.left", { time: span(left_s) });
}

function Make({ onMade }: { onMade: () => void }) {
  const name = useSignal("");
  const chosen = useSignal<readonly Permission[]>(["status:read", "stats:read"]);
  const days = useSignal<number>(365);
  const made = useSignal<Schemas["MadeToken"] | null>(null);
  const deed = useDeed();
  const mine = (me.value?.permissions ?? []).filter((each) => each !== "own:account");
  async function make(event: Event): Promise<void> {
    event.preventDefault();
    made.value = null;
    const lasts_s = days.value ? days.value * DAY_S : null;
    const body = { name: name.value, permissions: [...chosen.value], lasts_s };
    const isDone = await deed.run(async () => {
      made.value = await told(api.POST("/tokens", { body }));
    });
    if (!isDone) return;
    name.value = "";
    onMade();
  }
  const toggle = (permission: Permission, isOn: boolean) => {
    const others = chosen.value.filter((each) => each !== permission);
    chosen.value = isOn ? [...others, permission] : others;
  };
  return (
    <>
      {made.value && <Made made={made.value} />}
      <details>
        <summary>{t("tokens.make")}</summary>
        <form class="stack narrow" aria-label={t("tokens.make")} onSubmit={make}>
          <label class="labelled" htmlFor="token-name">
            <span>{t("tokens.name")}</span>
            <input
              id="token-name"
              type="text"
              autocomplete="off"
              maxLength={100}
              required
              placeholder="Home Assistant"
              value={name.value}
              onInput={(event) => {
                name.value = event.currentTarget.value;
              }}
            />
          </label>
          <fieldset class="scopes">
            <legend>{t("tokens.may")}</legend>
            {mine.map((each) => (
              <label key={each} class="check">
                <input
                  type="checkbox"
                  checked={chosen.value.includes(each)}
                  onChange={(event) => toggle(each, event.currentTarget.checked)}
                />
                {t(`permission.${each}`)}
              </label>
            ))}
          </fieldset>
          <label class="labelled">
            <span>{t("tokens.lasts")}</span>
            <select
              value={String(days.value)}
              onChange={(event) => {
                days.value = Number(event.currentTarget.value);
              }}
            >
              {LASTS.map((each) => (
                <option key={each} value={String(each)}>
                  {each ? t("tokens.days", { count: each }) : t("tokens.for_good")}
                </option>
              ))}
            </select>
          </label>
          <Trouble deed={deed} />
          <div class="choices">
            <button
              type="submit"
              class="main"
              disabled={deed.isBusy.value || chosen.value.length === 0}
            >
              {t("tokens.make")}
            </button>
          </div>
        </form>
      </details>
    </>
  );
}

function Made({ made: { secret, token } }: { made: Schemas["MadeToken"] }) {
  return (
    <div class="stack shown-once" role="status">
      <strong>
        {t("tokens.made")} <Foreign text={token.name} />
      </strong>
      <p>{t("tokens.shown_once")}</p>
      <Copied text={secret} label={t("tokens.secret")} />
      {token.left_s != null && (
        <p class="quiet">{t("tokens.until", { when: moment(Date.now() / 1000 + token.left_s) })}</p>
      )}
    </div>
  );
}
