// Step three: whom the server asks, told by who gets to know what the house looks up.

import { useSignal } from "@preact/signals";
import { addressOf } from "../../address";
import { type Deed, Trouble, useDeed } from "../../parts/deed";
import { Listed, Translated } from "../../parts/foreign";
import { noteChange } from "../../parts/policy/undo";
import { isChosen, RESOLVERS, serverOf, serversOf } from "../../parts/resolvers";
import { api, type Schemas, told } from "../../server/api";
import { duration } from "../../words/format";
import { T } from "../../words/rich";
import { t } from "../../words/words";
import { change, settingOf, useSettings, useSetup } from "./known";

type Tried = Schemas["TriedUpstream"];

const SUGGESTED = RESOLVERS.filter(({ isSuggested }) => isSuggested).map((resolver) => ({
  ...resolver,
  servers: serversOf(resolver),
}));

export function ResolverStep({ undone }: { undone: number }) {
  const settings = useSettings(undone);
  const router = useSetup(null).last.value?.routers[0];
  const deed = useDeed(settings.now);
  const setting = settingOf(settings.last.value, "upstream.servers");
  const inForce = (setting?.value ?? []) as readonly unknown[];
  const choices = [...SUGGESTED.map(({ servers }) => servers), ...(router ? [[router]] : [])];
  const isOther = setting !== undefined && !choices.some((each) => isChosen(inForce, each));
  const use = (name: string, servers: readonly string[]) =>
    deed.run(async () => {
      const done = await change([
        { key: "upstream.servers", item: "", action: "set", value: [...servers] },
      ]);
      noteChange(t("start.done.resolver", { name }), done);
    });
  const given = { deed, use, locked: setting?.locked ?? "" };
  return (
    <section class="card" aria-label={t("start.step.resolver")}>
      <p>{t("start.resolver.about")}</p>
      {setting?.locked && (
        <p class="notice">
          <T k="start.held" values={{ where: <Translated key="where" text={setting.locked} /> }} />
        </p>
      )}
      <Trouble deed={deed} />
      <ul id="resolvers" class="choices-list">
        {isOther && inForce.length > 0 && (
          <li data-chosen="">
            <h2>{t("start.resolver.own")}</h2>
            <p class="quiet">
              <Listed texts={inForce.map(serverOf)} />
            </p>
            <p class="good">{t("start.resolver.in_use")}</p>
          </li>
        )}
        {SUGGESTED.map((each) => (
          <Choice
            key={each.name}
            name={each.name}
            about={t(each.words)}
            servers={each.servers}
            isInUse={isChosen(inForce, each.servers)}
            {...given}
          />
        ))}
        {router && (
          <Choice
            name={t("start.resolver.router")}
            about={t("start.resolver.router_about")}
            servers={[router]}
            isInUse={isChosen(inForce, [router])}
            {...given}
          />
        )}
      </ul>
      <p class="quiet">
        <T
          k="start.resolver.others"
          values={{
            page: (
              <a key="page" href={addressOf("upstreams")}>
                {t("nav.upstreams")}
              </a>
            ),
          }}
        />
      </p>
      <details>
        <summary>{t("start.resolver.recursion")}</summary>
        <p>{t("start.resolver.recursion_about")}</p>
      </details>
    </section>
  );
}

interface Given {
  readonly name: string;
  readonly about: string;
  readonly servers: readonly string[];
  readonly isInUse: boolean;
  readonly locked: string;
  readonly deed: Deed;
  readonly use: (name: string, servers: readonly string[]) => Promise<boolean>;
}

/** One that can be tried, and used. */
function Choice({ name, about, servers, isInUse, locked, deed, use }: Given) {
  const trial = useDeed();
  const tried = useSignal<Tried | null>(null);
  const isBusy = deed.isBusy.value || trial.isBusy.value;
  const attempt = () =>
    trial.run(async () => {
      tried.value = null;
      tried.value = await told(api.POST("/upstreams/test", { body: { url: servers[0] ?? "" } }));
    });
  /** One that does not answer is used only by who has read that. */
  async function take(): Promise<void> {
    const wasRead = tried.value !== null;
    if (!wasRead && (!(await attempt()) || !answers(tried.value))) return;
    await use(name, servers);
  }
  return (
    <li data-chosen={isInUse ? "" : undefined}>
      <h2>{name}</h2>
      <p>{about}</p>
      <p class="quiet">
        <Listed texts={servers} />
      </p>
      {isInUse && <p class="good">{t("start.resolver.in_use")}</p>}
      <div role="status">
        {trial.isBusy.value && <p class="quiet">{t("start.resolver.trying")}</p>}
        {tried.value && <Found tried={tried.value} />}
      </div>
      <Trouble deed={trial} />
      <div class="choices">
        <button type="button" disabled={isBusy} onClick={attempt}>
          {t("start.resolver.try")}
        </button>
        {!isInUse && !locked && (
          <button
            type="button"
            class={answers(tried.value) ? "main" : ""}
            disabled={isBusy}
            onClick={take}
            aria-label={t("start.resolver.use_it", { name })}
          >
            {t(
              tried.value && !answers(tried.value)
                ? "start.resolver.use_anyway"
                : "start.resolver.use",
            )}
          </button>
        )}
      </div>
    </li>
  );
}

const answers = (tried: Tried | null): boolean => tried?.outcome === "answers";

function Found({ tried: { outcome, rtt_ms, certificate, validates, error } }: { tried: Tried }) {
  if (outcome === "fails")
    return (
      <p class="error">
        <T k="start.resolver.fails" values={{ error: <Translated key="error" text={error} /> }} />
      </p>
    );
  return (
    <p class="good">
      {t("start.resolver.answers", { time: duration(rtt_ms) })}{" "}
      {certificate ? t("start.resolver.proven") : t("start.resolver.open")}{" "}
      {validates && t("start.resolver.checks")}
    </p>
  );
}
