// Which groups and clients go by a schedule, and what changes for them.

import { addressOf } from "../../address";
import { Foreign } from "../../parts/foreign";
import { type Item, type Known, saidBy } from "../../parts/policy/known";
import { changesText } from "../../parts/policy/saving";
import { type Turn, turnsOf } from "../../parts/policy/traits";
import { t } from "../../words/words";

export function Followers({ known, schedule }: { known: Known; schedule: string }) {
  const found = [
    ...known.groups.flatMap((item) => followed(item, "group", schedule)),
    ...known.clients.flatMap((item) => followed(item, "device", schedule)),
  ];
  if (found.length === 0) return <p class="quiet">{t("schedules.nobody")}</p>;
  return (
    <ul class="rules">
      {found.map(({ item, page, turn }) => (
        <li key={`${page} ${item.name}`}>
          <span>
            {t(page === "group" ? "schedules.group" : "schedules.client")}{" "}
            <a href={addressOf(page, {}, item.name)}>
              <Foreign text={item.name} />
            </a>
            : <Foreign text={changesText(turn, known.called)} />
          </span>
        </li>
      ))}
    </ul>
  );
}

interface Follower {
  readonly item: Item;
  readonly page: "group" | "device";
  readonly turn: Turn;
}

function followed(item: Item, page: "group" | "device", schedule: string): readonly Follower[] {
  const wanted = schedule.toLowerCase();
  return turnsOf(saidBy(item))
    .filter(({ when }) => when.toLowerCase() === wanted)
    .map((turn) => ({ item, page, turn }));
}
