// What an operation was given, as the audit keeps it, in words.

import type { Schemas } from "../../server/api";
import { span } from "../../words/format";
import { isKey, t } from "../../words/words";

type Given = Schemas["AuditLine"]["given"];

/** Values that mean the same in any operation, by the field that has them; others are names, rules
 *  and the like, which stay as they are. */
const CHOSEN: ReadonlySet<string> = new Set(["action", "kind", "role", "scope"]);
const LENGTHS: ReadonlySet<string> = new Set(["seconds", "lasts_s"]);

/** One value by itself, several by their names; "" for none. */
export function givenWords(given: Given): string {
  const values = Object.entries(given).filter(
    ([, value]) => value !== "" && value !== false && value != null,
  );
  const [only] = values;
  if (only && values.length === 1 && only[1] !== true) return valueWord(...only);
  return values.map(([field, value]) => pairWords(field, value)).join(", ");
}

function pairWords(field: string, value: unknown): string {
  const word = fieldWord(field);
  return value === true ? word : `${word}: ${valueWord(field, value)}`;
}

function fieldWord(field: string): string {
  const key = `audit.given.${field}`;
  return isKey(key) ? t(key) : field;
}

function valueWord(field: string, value: unknown): string {
  if (LENGTHS.has(field) && typeof value === "number") return span(value);
  if (typeof value !== "string") return JSON.stringify(value);
  const key = field === "role" ? `role.${value}` : `audit.value.${value}`;
  return CHOSEN.has(field) && isKey(key) ? t(key) : value;
}
