// What the parts of a rule are, for colours: a help to the eye, while the server says what it means.

export type Part = "comment" | "allow" | "sign" | "name" | "expression" | "address" | "modifier";

export interface Piece {
  readonly part: Part;
  readonly text: string;
}

const COMMENT = /^\s*(?:[!;#]|\[.*\]\s*$)/;
const BEHIND = /\s#.*$/;
const EXPRESSION = /^(\s*(?:@@)?)(\/.+\/)(\$[\s\S]*)?$/;
const MODIFIERS = /\$(?=~?[a-z]+(?:[=,]|\s*$))(?!.*(?<!\\)\$~?[a-z]+(?:[=,]|\s*$)).*$/;
const ADDRESS = /^\[?(?:\d{1,3}(?:\.\d{1,3}){3}|[\da-f]*:[\da-f:.]*)\]?(?:\/\d+)?$/i;
const WORDS = /@@|[|^*]+|\s+|[^\s|^*]+/g;

/** A line in pieces that together are the line. */
export function pieces(line: string): readonly Piece[] {
  if (COMMENT.test(line) && !line.includes("##")) return [{ part: "comment", text: line }];
  const comment = BEHIND.exec(line)?.[0] ?? "";
  const rule = line.slice(0, line.length - comment.length);
  return joined([...ruleIn(rule), { part: "comment", text: comment }]);
}

function ruleIn(rule: string): Piece[] {
  const [, before, expression, behind] = EXPRESSION.exec(rule) ?? [];
  if (expression !== undefined) {
    return [
      { part: "allow", text: before ?? "" },
      { part: "expression", text: expression },
      ...modifiersIn(behind ?? ""),
    ];
  }
  const modifiers = MODIFIERS.exec(rule)?.[0] ?? "";
  const words = rule.slice(0, rule.length - modifiers.length).match(WORDS) ?? [];
  return [...words.map((text) => ({ part: partOf(text), text })), ...modifiersIn(modifiers)];
}

function partOf(word: string): Part {
  if (word === "@@") return "allow";
  if (/^[|^*]/.test(word)) return "sign";
  if (word.startsWith("@@")) return "allow";
  return ADDRESS.test(word) ? "address" : "name";
}

/** `$client=…,important`: what is asked about in one colour, and its values in that of names. */
function modifiersIn(text: string): Piece[] {
  return (text.match(/\$|,|=|[^$,=]+/g) ?? []).map((each, index, all) => ({
    part: all[index - 1] === "=" ? "name" : /^[$,=]$/.test(each) ? "sign" : "modifier",
    text: each,
  }));
}

const joined = (some: readonly Piece[]): Piece[] => some.filter(({ text }) => text !== "");
