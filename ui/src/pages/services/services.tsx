// Services that can be blocked as a whole, in groups, and search engines made safe.

import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { addressOf } from "../../address";
import { type Deed, Trouble, useDeed } from "../../parts/deed";
import { GROUP, inOrder, nameOf } from "../../parts/service_groups";
import { api, type Schemas, told } from "../../server/api";
import { usePolled } from "../../server/polled";
import { may } from "../../server/reach";
import { T } from "../../words/rich";
import { t } from "../../words/words";
import { Group } from "./group";
import { SafeSearch } from "./safe_search";
import "./services.css";

type Found = Schemas["Services"];

interface Change {
  readonly id: string;
  readonly blocked: boolean;
}

/** On a phone, all services at once would be as long as twenty screens. */
const WIDE = "(min-width: 721px)";

export default function Services() {
  const read = (signal: AbortSignal) => told(api.GET("/services", { signal }));
  const polled = usePolled("services", read, null);
  const deed = useDeed();
  const pending = useSignal<Change | null>(null);
  const wanted = useSignal("");
  const onlyBlocked = useSignal(false);
  const last = useSignal<Change | null>(null);
  const isWide = useRef(matchMedia(WIDE).matches).current;
  const found = withPending(polled.last.value, pending.value);
  const kinds = found
    ? inOrder(found.groups).map((group) => ({
        group,
        services: shownOf(found, group.name, wanted.value, onlyBlocked.value),
      }))
    : [];
  const isNoneShown = kinds.every(({ services }) => services.length === 0);
  const set = async (id: string, blocked: boolean) => {
    if (deed.isBusy.value) return;
    pending.value = { id, blocked };
    const isDone = await deed.run(async () => {
      polled.take(await changed(id, blocked));
    });
    if (isDone) last.value = { id, blocked };
    pending.value = null;
  };
  return (
    <>
      <section class="card" aria-labelledby="services-title">
        <div class="card-head">
          <h1 id="services-title">{t("services.title")}</h1>
          <span class="choices">
            <input
              type="search"
              aria-label={t("services.search")}
              placeholder={t("services.search")}
              value={wanted.value}
              onInput={(event) => {
                wanted.value = event.currentTarget.value;
              }}
            />
            <label class="check">
              <input
                type="checkbox"
                checked={onlyBlocked.value}
                onChange={(event) => {
                  onlyBlocked.value = event.currentTarget.checked;
                }}
              />
              {t("services.only_blocked")}
            </label>
          </span>
        </div>
        <p class="quiet">{t("services.about")}</p>
        <p class="quiet">
          <T
            k="services.schedule_hint"
            values={{
              groups: <a href={addressOf("groups")}>{t("services.groups")}</a>,
              schedules: <a href={addressOf("schedules")}>{t("services.schedules")}</a>,
            }}
          />
        </p>
        <Trouble deed={deed} />
        {found && <p role="status">{t("services.blocked_now", { count: blockedIn(found) })}</p>}
        {found && last.value && <Last found={found} last={last.value} deed={deed} set={set} />}
        {found && isNoneShown && <p role="status">{t("services.none_shown")}</p>}
        <div class="service-groups">
          {kinds.map(({ group, services }) => (
            <Group
              key={group.name}
              group={group}
              services={services}
              isOpen={isWide || wanted.value.trim() !== "" || onlyBlocked.value}
              mayNot={!may("rules:write") || deed.isBusy.value}
              set={set}
            />
          ))}
        </div>
      </section>
      <SafeSearch />
    </>
  );
}

const changed = (id: string, blocked: boolean) =>
  told(api.PATCH("/services/{id}", { params: { path: { id } }, body: { blocked } }));

/** What is shown while a change is on its way: what was clicked. */
function withPending(found: Found | undefined, change: Change | null): Found | undefined {
  if (!found || !change) return found;
  const { id, blocked } = change;
  return {
    services: found.services.map((each) => (each.id === id ? { ...each, blocked } : each)),
    groups: found.groups.map((each) => (GROUP + each.name === id ? { ...each, blocked } : each)),
  };
}

const blockedIn = ({ services }: Found): number => services.filter(({ blocked }) => blocked).length;

function shownOf({ services }: Found, group: string, wanted: string, onlyBlocked: boolean) {
  const word = wanted.trim().toLowerCase();
  const isGroup = nameOf(group).toLowerCase().includes(word);
  return services.filter(
    (each) =>
      each.group === group &&
      (!onlyBlocked || each.blocked) &&
      (isGroup || `${each.name} ${each.id}`.toLowerCase().includes(word)),
  );
}

interface LastGiven {
  readonly found: Found;
  readonly last: Change;
  readonly deed: Deed;
  readonly set: (id: string, blocked: boolean) => void;
}

/** What was done last, which one click takes back. */
function Last({ found, last: { id, blocked }, deed, set }: LastGiven) {
  const name = id.startsWith(GROUP)
    ? nameOf(id.slice(GROUP.length))
    : (found.services.find((each) => each.id === id)?.name ?? id);
  return (
    <p class="last" role="status">
      {t(blocked ? "services.done.blocked" : "services.done.freed", { name })}{" "}
      <button type="button" disabled={deed.isBusy.value} onClick={() => set(id, !blocked)}>
        {t("settings.undo")}
      </button>
    </p>
  );
}
