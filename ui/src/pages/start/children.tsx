// A group for the devices of children: what it goes without, and which devices are in it.

import { useSignal } from "@preact/signals";
import { addressOf } from "../../address";
import { Trouble, useDeed } from "../../parts/deed";
import { Foreign } from "../../parts/foreign";
import { noteChange } from "../../parts/policy/undo";
import { api, type Schemas, told } from "../../server/api";
import { usePolled } from "../../server/polled";
import { visible } from "../../words/format";
import { T } from "../../words/rich";
import { t, translated } from "../../words/words";
import {
  CATEGORIES,
  type Category,
  childrenOf,
  nameOf,
  readGroup,
  type Wanted,
} from "./children_group";
import { KINDS, useServices, wordOf } from "./kinds";

const USUAL = ["gambling", "dating", "adult"];

/** What is said of the group; all else of it stays. */
interface Body {
  readonly keep: true;
  categories: Category[];
  services: string[];
  safe_search: Record<string, never>;
}

const BEGINNING: Wanted = {
  isSafe: true,
  categories: CATEGORIES,
  kinds: USUAL,
};

export function Children({ undone }: { undone: number }) {
  const read = (signal: AbortSignal) => told(api.GET("/groups", { signal }));
  const groups = usePolled("groups", read, null, [undone]);
  const engines = usePolled(
    "safe search",
    (signal) => told(api.GET("/safe-search", { signal })),
    null,
  );
  const services = useServices(undone);
  const draft = useSignal<Wanted | null>(null);
  const deed = useDeed(groups.now);
  const there = childrenOf(groups.last.value?.items ?? []);
  const name = nameOf(there);
  const wanted = draft.value ?? (there ? readGroup(there.value) : BEGINNING);
  const put = (changed: Partial<Wanted>) => {
    draft.value = { ...wanted, ...changed };
  };
  const isReady = groups.last.value && engines.last.value && services.last.value;

  async function save(): Promise<void> {
    const body = bodyOf(wanted, there?.value, engines.last.value, services.last.value);
    const params = { path: { name } };
    const isDone = await deed.run(async () => {
      const done = await told(api.PUT("/groups/{name}", { params, body }));
      noteChange(t("groups.saved", { name: visible(name) }), done);
    });
    if (isDone) draft.value = null;
  }
  return (
    <section class="card" aria-labelledby="children-title" id="children">
      <h2 id="children-title">{t("start.children.title")}</h2>
      <p class="quiet">
        <T k="start.children.about" values={{ group: <Foreign text={name} /> }} />
      </p>
      <fieldset class="kinds" disabled={!isReady || deed.isBusy.value || !!there?.locked}>
        <legend class="unseen">{t("start.children.title")}</legend>
        <Check
          label={t("start.children.safe_search")}
          about={t("start.children.safe_search_about")}
          isOn={wanted.isSafe}
          onChange={(isSafe) => put({ isSafe })}
        />
        {CATEGORIES.map((word) => (
          <Check
            key={word}
            label={t(`start.children.${word}`)}
            about={t(`start.children.${word}_about`)}
            isOn={wanted.categories.includes(word)}
            onChange={(isOn) => put({ categories: toggled(wanted.categories, word, isOn) })}
          />
        ))}
        {KINDS.map((kind) => (
          <Check
            key={kind}
            label={wordOf(kind)}
            isOn={wanted.kinds.includes(kind)}
            onChange={(isOn) => put({ kinds: toggled(wanted.kinds, kind, isOn) })}
          />
        ))}
      </fieldset>
      <Trouble deed={deed} />
      {there?.locked ? (
        <p class="quiet">{t("held_by", { where: translated(there.locked) })}</p>
      ) : (
        <div class="choices">
          <button
            type="button"
            disabled={!isReady || deed.isBusy.value || (there !== undefined && !draft.value)}
            onClick={save}
          >
            {t(there ? "start.children.save" : "start.children.make")}
          </button>
        </div>
      )}
      <div role="status">
        {there && !draft.value && (
          <p class="good">
            {t("start.children.there")} <a href={addressOf("devices")}>{t("nav.devices")}</a>
          </p>
        )}
      </div>
    </section>
  );
}

interface CheckGiven {
  readonly label: string;
  readonly about?: string;
  readonly isOn: boolean;
  readonly onChange: (isOn: boolean) => void;
}

function Check({ label, about, isOn, onChange }: CheckGiven) {
  return (
    <div>
      <label class="check">
        <input
          type="checkbox"
          checked={isOn}
          onChange={(event) => onChange(event.currentTarget.checked)}
        />
        <span>{label}</span>
      </label>
      {about && <p class="quiet">{about}</p>}
    </div>
  );
}

const toggled = <Word,>(words: readonly Word[], word: Word, isOn: boolean): Word[] =>
  isOn ? [...words, word] : words.filter((each) => each !== word);

/** The group as it is to be. Services stand in place of the household's, so those are in it too. */
function bodyOf(
  { isSafe, categories, kinds }: Wanted,
  before: unknown,
  engines: Schemas["SafeSearch"] | undefined,
  services: Schemas["Services"] | undefined,
): Body {
  const groups = (services?.groups ?? []).filter(({ blocked }) => blocked);
  const single = (services?.services ?? []).filter((each) => each.blocked && !each.by_group);
  const own = ((before as { services?: string[] } | undefined)?.services ?? []).filter(
    (each) => !KINDS.some((kind) => each === `group:${kind}`),
  );
  const chosen = [
    ...kinds.map((kind) => `group:${kind}`),
    ...groups.map(({ name }) => `group:${name}`),
    ...single.map(({ id }) => id),
    ...own,
  ];
  const level = (levels: readonly string[]) => (levels.length > 2 ? "strict" : true);
  const safe = (engines?.engines ?? []).map(({ id, levels }): [string, unknown] => [
    id,
    isSafe && level(levels),
  ]);
  return {
    keep: true,
    categories: [...categories],
    services: [...new Set(chosen)],
    safe_search: Object.fromEntries(safe) as Body["safe_search"],
  };
}
