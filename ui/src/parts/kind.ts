// How a value is edited, by what is accepted in its place, and how it is written in a field.

export type Kind =
  | "switch"
  | "choice"
  | "choices"
  | "number"
  | "amount"
  | "text"
  | "lines"
  | "path"
  | "rows"
  | "parts"
  | "elsewhere";

/** What is accepted, as JSON Schema, as far as it matters here. */
export interface Accepts {
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Accepts>>;
  readonly type?: string | readonly string[];
  readonly enum?: readonly string[];
  readonly const?: unknown;
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly anyOf?: readonly Accepts[];
  readonly items?: Accepts;
}

/** What kind of field suits; "elsewhere" is what no field does. */
export function kindOf(accepts: Accepts): Kind {
  if (accepts.type === "boolean") return "switch";
  if (accepts.enum) return "choice";
  if (accepts.type === "integer") return "number";
  if (accepts.type === "array") return kindOfList(accepts.items);
  if (isList(accepts.type)) return accepts.type.includes("boolean") ? "path" : "text";
  if (accepts.properties || partsOf(accepts)) return "parts";
  if (unitsOf(accepts).length > 0) return "amount";
  return isText(accepts) ? "text" : "elsewhere";
}

function kindOfList(items: Accepts | undefined): Kind {
  if (items?.enum) return "choices";
  if (items && partsOf(items)) return "rows";
  return isText(items) ? "lines" : "elsewhere";
}

/** The words that one or several may be chosen from. */
export const choicesOf = ({ enum: words, items }: Accepts): readonly string[] =>
  words ?? items?.enum ?? [];

/** The object that a value may be in place of a single one, or is. */
export function partsOf(accepts: Accepts): Readonly<Record<string, Accepts>> | undefined {
  return accepts.properties ?? accepts.anyOf?.find((each) => each.properties)?.properties;
}

/** What is accepted in place of such an object; undefined where only the object is. */
export const aloneOf = (accepts: Accepts): Accepts | undefined =>
  accepts.anyOf?.find((each) => !each.properties);

/** The units that a number goes with: of time or of bytes, as the pattern of the text has them. */
export function unitsOf(accepts: Accepts): readonly string[] {
  const pattern = accepts.anyOf?.find((each) => each.pattern)?.pattern ?? accepts.pattern ?? "";
  const [, units] = /\(((?:[a-zA-Z]+\|)+[a-zA-Z]+)\)/.exec(pattern) ?? [];
  return units?.split("|") ?? [];
}

const isList = (type: Accepts["type"]): type is readonly string[] => Array.isArray(type);

/** Whether it may be written as a text: so is a length of time, which may also be 0. */
function isText(accepts: Accepts | undefined): boolean {
  if (!accepts) return false;
  if (accepts.type === "string" || accepts.type?.includes("string")) return true;
  const first = accepts.anyOf?.[0];
  return first !== undefined && isText(first) && (accepts.anyOf ?? []).every((each) => !each.items);
}

/** A value as it stands in its field. */
export function written(kind: Kind, value: unknown): string {
  if (kind === "lines") return ((value ?? []) as readonly string[]).join("\n");
  return value == null ? "" : String(value);
}

/** What a field means; null for nothing, as an empty one does. */
export function read(kind: Kind, text: string): unknown {
  if (kind === "lines") {
    const lines = text.split("\n").map((line) => line.trim());
    return lines.filter((line) => line !== "");
  }
  if (kind === "number") return text.trim() === "" ? null : Number(text);
  if (kind === "switch") return text === "true";
  return text.trim() === "" ? null : text.trim();
}
