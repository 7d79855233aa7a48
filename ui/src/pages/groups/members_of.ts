// Who is in a group.

import { groupOf, type Item, type Known, saidBy } from "../../parts/policy/known";

export const membersOf = ({ clients }: Known, group: string): readonly Item[] =>
  clients.filter((each) => groupOf(saidBy(each)).toLowerCase() === group.toLowerCase());
