// Which queries are looked for: as it stands in the address, and as the API takes it.

import type { Schemas } from "../../server/api";

/** What can be looked for, each a text of the address; "" for no matter what. */
export const FIELDS = [
  "name",
  "exact",
  "client",
  "verdict",
  "type",
  "list",
  "group",
  "upstream",
  "transport",
  "node",
  "since",
  "until",
] as const;

export type Field = (typeof FIELDS)[number];
export type Filter = Readonly<Record<Field, string>>;

/** What of the verdicts can be chosen by name. */
export const VERDICTS = [
  "blocked",
  "allowed",
  "cached",
  "forwarded",
  "local",
  "failed",
  "refused",
] as const;

export function filterOf(query: URLSearchParams): Filter {
  const found = FIELDS.map((field) => [field, query.get(field) ?? ""]);
  return Object.fromEntries(found) as Filter;
}

export const isEmpty = (filter: Filter): boolean => FIELDS.every((field) => filter[field] === "");

/** What `log.search` takes for it; `name` is any part of a name, `exact` a whole one. */
export function searchOf(filter: Filter) {
  const { name, exact, since, until } = filter;
  return {
    ...(exact ? { names: [exact], name_match: "exact" as const } : name && { text: name }),
    ...(filter.client && { clients: [filter.client] }),
    ...(filter.verdict && { verdicts: [filter.verdict] }),
    ...(filter.type && { types: [filter.type] }),
    ...(filter.list && { lists: [filter.list] }),
    ...(filter.group && { groups: [filter.group] }),
    ...(filter.upstream && { upstreams: [filter.upstream] }),
    ...(filter.transport && { transports: [filter.transport] }),
    ...(filter.node && { nodes: [filter.node] }),
    ...(since && { since }),
    ...(until && { until }),
  };
}

/** The same for the stream of new rows, which takes no end. */
export function streamOf(filter: Filter): URLSearchParams {
  return parametersOf({ ...filter, since: "", until: "" });
}

/** Where all that is looked for is to be had as a file. */
export function exportOf(filter: Filter, format: "csv" | "jsonl"): string {
  return `api/v1/log/export?${new URLSearchParams([...parametersOf(filter), ["format", format]])}`;
}

function parametersOf(filter: Filter): URLSearchParams {
  const search = searchOf(filter) as Record<string, string | string[]>;
  return new URLSearchParams(
    Object.entries(search).flatMap(([key, value]) =>
      [value].flat().map((each): [string, string] => [key, each]),
    ),
  );
}

/** Whether rows that come can be among what is looked for. */
export const isOpenEnded = ({ until }: Filter): boolean => until === "";

export type Row = Schemas["LogRow"];
