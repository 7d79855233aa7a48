// The form for who is not signed in, or for the first account of a new server.

import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { place, placeOf } from "./address";
import { addressOfStep, Steps } from "./parts/steps";
import { api, Refused, told } from "./server/api";
import { isPlain, welcome, wordsOf } from "./server/reach";
import { T } from "./words/rich";
import { isKey, type Key, t, translated } from "./words/words";

const SECOND = new Set(["second_factor_needed", "wrong_second_factor"]);

export function Door({ isNew }: { isNew: boolean }) {
  const trouble = useSignal("");
  const isBusy = useSignal(false);
  const needsSecond = useSignal(false);
  const form = useRef<HTMLFormElement>(null);
  const title = t(isNew ? "door.first" : "door.sign_in");
  useEffect(() => {
    document.title = t("title.page", { page: title });
    form.current?.querySelector("input")?.focus();
  }, [title]);

  async function send(event: Event): Promise<void> {
    event.preventDefault();
    const given = Object.fromEntries(new FormData(form.current as HTMLFormElement)) as Given;
    isBusy.value = true;
    trouble.value = "";
    try {
      const who = await (isNew ? makeFirst(given) : signIn(given));
      if (isNew && ["", "start"].includes(place.value.page)) goOn();
      welcome(who);
    } catch (error) {
      trouble.value = isPlainly(error) ? sentence(translated(error.message)) : wordsOf(error);
      typeAnew(error instanceof Refused ? error.code : "");
    } finally {
      isBusy.value = false;
    }
  }

  function typeAnew(code: string): void {
    const isSecond = SECOND.has(code);
    needsSecond.value ||= isSecond;
    const isCode = isNew && code === "wrong_code";
    const wrong = isSecond ? "[name=second]" : isCode ? "[name=code]" : "[type=password]";
    // After the field has been drawn.
    requestAnimationFrame(() =>
      form.current?.querySelector<HTMLInputElement>(`input${wrong}`)?.select(),
    );
  }

  return (
    <main id="door">
      {isNew && <Steps at="account" isOpen={false} />}
      <form
        ref={form}
        class="card sign-in"
        aria-labelledby="door-title"
        // biome-ignore lint/suspicious/noExplicitAny: preact's type of the event is narrower
        onSubmit={send as any}
      >
        <h1 id="door-title">{title}</h1>
        {isNew && (
          <>
            <p>
              <T
                k="door.no_account"
                values={{ command: <code>sudo sinkhole account add NAME</code> }}
              />
            </p>
            <Field name="code" label="door.code" autocomplete="off" />
          </>
        )}
        <Field name="name" label="door.name" autocomplete="username" />
        <Field
          name="password"
          label="door.password"
          isSecret
          autocomplete={isNew ? "new-password" : "current-password"}
          {...(isNew && { hint: "accounts.password_rule" as const })}
        />
        {needsSecond.value && (
          <Field name="second" label="door.second" autocomplete="one-time-code" />
        )}
        <p class="error" role="alert">
          {trouble.value}
        </p>
        <button type="submit" class="main" disabled={isBusy.value}>
          {title}
        </button>
        {isPlain() && <p class="quiet">{t("door.plain")}</p>}
      </form>
    </main>
  );
}

/** The first account is step one of five: here is the second. */
function goOn(): void {
  history.replaceState(null, "", addressOfStep("devices"));
  place.value = placeOf(location.hash);
}

type Given = { code?: string; name: string; password: string; second?: string };

const signIn = ({ name, password, second = "" }: Given) =>
  told(api.POST("/sign-in", { body: { name, password, second } }));

const makeFirst = ({ code = "", name, password }: Given) =>
  told(api.POST("/first-account", { body: { code, name, password } }));

interface FieldGiven {
  readonly name: string;
  readonly label: Key;
  readonly autocomplete: string;
  readonly isSecret?: boolean;
  readonly hint?: Key;
}

export function Field({ name, label, autocomplete, isSecret = false, hint }: FieldGiven) {
  const given = {
    id: `door-${name}`,
    name,
    autocomplete,
    autocapitalize: "off",
    spellcheck: false,
    maxLength: 1024,
    required: true,
  } as const;
  return (
    <label htmlFor={`door-${name}`}>
      <span>{t(label)}</span>
      {isSecret ? <input type="password" {...given} /> : <input type="text" {...given} />}
      {hint && <span class="quiet small">{t(hint)}</span>}
    </label>
  );
}

/** Whether the server's own words are all there is. */
const isPlainly = (error: unknown): error is Refused =>
  error instanceof Refused && !isKey(`error.${error.code}`);

const sentence = (text: string): string =>
  `${text.charAt(0).toUpperCase()}${text.slice(1)}${text.endsWith(".") ? "" : "."}`;
