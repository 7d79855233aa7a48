// Services as they are offered to be ticked: in their groups, those with something chosen first.

import type { Schemas } from "../../server/api";
import { GROUP, inOrder } from "../service_groups";

type Service = Pick<Schemas["Service"], "id" | "name" | "group">;

export interface Kind<S extends Service> {
  readonly name: string;
  readonly services: readonly S[];
}

export function kindsOf<S extends Service>(
  services: readonly S[],
  chosen: readonly string[],
): readonly Kind<S>[] {
  const names = [...new Set(services.map(({ group }) => group))];
  const kinds = inOrder(
    names.map((name) => ({ name, services: services.filter(({ group }) => group === name) })),
  );
  const isChosen = ({ name, services: its }: Kind<S>) =>
    chosen.includes(GROUP + name) || its.some(({ id }) => chosen.includes(id));
  return [...kinds.filter(isChosen), ...kinds.filter((kind) => !isChosen(kind))];
}

/** What is chosen and belongs to none of them: it stays until somebody takes it out. */
export function othersOf(
  kinds: readonly Kind<Service>[],
  chosen: readonly string[],
): readonly string[] {
  const known = new Set(
    kinds.flatMap(({ name, services }) => [GROUP + name, ...services.map(({ id }) => id)]),
  );
  return chosen.filter((word) => !known.has(word));
}
