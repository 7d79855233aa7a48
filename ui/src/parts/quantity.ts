// A number with its unit, as settings write it: "90d", "32MiB".

export interface Quantity {
  readonly number: string;
  readonly unit: string;
}

/** The number and the unit of a text; both are "" where it begins with no number. */
export function quantityOf(value: unknown): Quantity {
  const [, number = "", unit = ""] =
    /^\s*(\d+\.?\d*|\.\d+)\s*([a-zA-Z]*)\s*$/.exec(String(value ?? "")) ?? [];
  return { number, unit };
}

/** As settings write it; null for nothing. What is typed with a unit of its own keeps that. */
export function quantityIn(typed: string, unit: string): string | null {
  const text = typed.trim();
  if (text === "") return null;
  const found = quantityOf(text.replace(",", "."));
  if (found.number === "") return text; // the server says what is wrong with it
  return `${found.number}${found.unit || unit}`;
}

/** What the field for the number has: that, with the reader's own sign before the fraction; or what
 *  was typed and is no quantity. */
export function typedIn(value: unknown, point: string): string {
  const { number } = quantityOf(value);
  return number === "" ? String(value ?? "") : number.replace(".", point);
}
