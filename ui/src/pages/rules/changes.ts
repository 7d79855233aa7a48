// What somebody who edits the own rules as a text has changed.

export interface Changes {
  readonly add: readonly string[];
  readonly remove: readonly string[];
}

export const linesOf = (text: string): readonly string[] =>
  text.split("\n").map((line) => line.trim());

/** Whether a line is a remark, as lists have them; here only rules are kept. */
export const isComment = (line: string): boolean => /^(!|#(\s|$))/.test(line);

/** The rules that came and went; empty lines, remarks and the order count for nothing. */
export function changesOf(before: readonly string[], text: string): Changes {
  const there = new Set(before);
  const after = new Set(linesOf(text).filter((line) => line !== "" && !isComment(line)));
  return {
    add: [...after].filter((rule) => !there.has(rule)),
    remove: [...there].filter((rule) => !after.has(rule)),
  };
}

/** The lines, from 0, that say what one before them says. */
export function repeated(lines: readonly string[]): ReadonlySet<number> {
  const seen = new Set<string>();
  const found = new Set<number>();
  lines.forEach((line, index) => {
    if (line !== "" && seen.has(line)) found.add(index);
    seen.add(line);
  });
  return found;
}

/** Where a line begins and ends in a text. */
export function placeOf(text: string, line: number): readonly [number, number] {
  const lines = text.split("\n");
  const start = lines.slice(0, line).reduce((sum, each) => sum + each.length + 1, 0);
  return [start, start + (lines[line]?.length ?? 0)];
}

/** A text that somebody edits while somebody else changes the rules: what came elsewhere is put
 *  below, what went is gone, and what was typed stays. */
export function merged(base: readonly string[], now: readonly string[], text: string): string {
  const [was, is] = [new Set(base), new Set(now)];
  const kept = text.split("\n").filter((line) => !was.has(line.trim()) || is.has(line.trim()));
  const there = new Set(kept.map((line) => line.trim()));
  const come = now.filter((rule) => !was.has(rule) && !there.has(rule));
  if (come.length === 0) return kept.join("\n");
  if (kept.at(-1) === "") kept.pop();
  return [...kept, ...come, ""].join("\n");
}

export const textOf = (rules: readonly string[]): string =>
  rules.map((rule) => `${rule}\n`).join("");
