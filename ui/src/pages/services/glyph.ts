// How the icon of a service is drawn: of its own name and group, and nobody's brand.

/** The shapes, each of the groups having one; paths within 28 by 28. */
const SHAPES: Readonly<Record<string, string>> = {
  circle: "M14 1a13 13 0 1 0 0 26a13 13 0 1 0 0-26z",
  square: "M7 1h14a6 6 0 0 1 6 6v14a6 6 0 0 1-6 6H7a6 6 0 0 1-6-6V7a6 6 0 0 1 6-6z",
  hexagon: "M14 1l11.5 6.5v13L14 27L2.500 20.500v-13z",
  bubble: "M6 2h16a5 5 0 0 1 5 5v10a5 5 0 0 1-5 5h-7l-6 5v-5H6a5 5 0 0 1-5-5V7a5 5 0 0 1 5-5z",
  shield: "M14 1l12 4v9c0 7-6 11-12 13C8 25 2 21 2 14V5z",
  tag: "M3 2h13l10 10a3 3 0 0 1 0 4L16 26a3 3 0 0 1-4 0L2 16V4z",
  screen: "M4 3h20a3 3 0 0 1 3 3v14a3 3 0 0 1-3 3H4a3 3 0 0 1-3-3V6a3 3 0 0 1 3-3z",
  diamond: "M14 1l13 13l-13 13L1 14z",
};

const SHAPE_OF: Readonly<Record<string, keyof typeof SHAPES>> = {
  adult: "diamond",
  ai: "hexagon",
  cloud: "circle",
  dating: "bubble",
  gambling: "diamond",
  gaming: "hexagon",
  hosting: "square",
  messenger: "bubble",
  music: "circle",
  privacy: "shield",
  shopping: "tag",
  social_network: "square",
  software: "square",
  streaming: "screen",
};

export interface Glyph {
  readonly path: string;
  /** Of the colour, 0 to 359. */
  readonly hue: number;
  readonly letters: string;
}

/** The same name always has the same one. */
export function glyphOf(name: string, group: string): Glyph {
  const shape = SHAPE_OF[group] ?? "circle";
  return { path: SHAPES[shape] ?? "", hue: hueOf(name), letters: lettersOf(name) };
}

/** The first letters of the first two words, of one word the first. */
export function lettersOf(name: string): string {
  const words = name.match(/[\p{L}\p{N}]+/gu) ?? ["?"];
  const [first = "?", second = ""] = words.map((word) => [...word][0] ?? "");
  return (first + second).toUpperCase();
}

function hueOf(name: string): number {
  let sum = 7;
  for (const char of name) sum = (sum * 31 + (char.codePointAt(0) ?? 0)) % 3600;
  return sum % 360;
}
