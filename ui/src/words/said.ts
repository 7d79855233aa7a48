// What the server says, in the reader's language. It speaks English and puts sentences into sentences,
// so a sentence is the key to itself, with {} in the places of what differs: "has more than {} items".
// A translation that wants another order numbers its places: "{2} … {1}".
//
// What comes from the network is in these texts. So they are compared piece by piece and never by a
// regular expression, no text is looked at for longer than LONGEST, and no more than MOST_LOOKS times.

/** By sentence, as the files in `said/` have it. */
export type Sentences = Readonly<Record<string, string>>;

export interface Teller {
  /** A sentence, or several behind one another; what nobody has translated stays as it is. */
  readonly sentence: (text: string) => string;
  /** What stands for a name, such as "own rules"; names that people gave stay as they are. */
  readonly name: (text: string) => string;
}

interface Pattern {
  /** What stands before, between and behind the places. */
  readonly pieces: readonly string[];
  /** The translation: texts, and the places to be filled, from 0. */
  readonly says: readonly (string | number)[];
  readonly letters: number;
}

const LONGEST = 2000;
const MOST_LOOKS = 400;
const MOST_KEPT = 500;

/** A pattern with fewer letters, such as "{} has no {}", could be anybody's words: it has to be around
 *  words, numbers and quoted texts, or around a sentence of ours. */
const FEW_LETTERS = 9;
/** With fewer, such as "{} is {}", around numbers, quoted texts and sentences alone. */
const LEAST_LETTERS = 3;
/** What stands between words that may be chosen, though it has so few. */
const CHOICE = " or ";
/** With so many, what begins with a comma or the like is known behind any sentence, and what begins
 *  as we do whatever it ends with. */
const MANY_LETTERS = 8;

/** By what sentences are put behind one another, the widest first. */
const JOINTS = ["\n", ". ", ": ", "; ", ", "] as const;

/** Between whole sentences: no value has one in it. */
const WIDEST = JOINTS.slice(0, 2);
/** No value that stands in front has one of these in it. */
const WIDE = [...JOINTS.slice(0, 4), " and "];

/** How numbers are measured: behind a place, or in it. Never without a space, as settings are written. */
const MEASURE = /^ (ms|s|min|m|h|d|B|KiB|MiB|GiB|TiB|%)(?![\w/])/;
const FRACTION = /^\d{1,12}\.\d{1,6}$/;

const PLACE = /\{(\d*)\}/;
const GROUPED = /^\d{1,3}(,\d{3})+$/;
/** What says something of a name, which mostly stands in front of it. */
const PREDICATE = /^(is|has) /;
const NO_WORD = /[^a-zA-Z]/;
const COUNTED = /^(\d[\d.,:/-]*( ?[a-zA-Zµ%]{1,5})?|["'`].*["'`]|)$/s;

/** Tells by the sentences of a file; `number` writes one that the server wrote as 1,234. */
export function tellerOf(sentences: Sentences, number: (value: number) => string = String): Teller {
  const whole = new Map(Object.entries(sentences));
  const patterns = patternsOf(sentences);
  const kept = new Map<string, string>();
  const sentence = (text: string): string => {
    const known = kept.get(text);
    if (known !== undefined) return known;
    const found =
      text.length > LONGEST ? text : (new Search(whole, patterns, number).tell(text)?.text ?? text);
    if (kept.size >= MOST_KEPT) kept.clear();
    kept.set(text, found);
    return found;
  };
  return { sentence, name: (text) => whole.get(text) ?? text };
}

/** What became of a text: whether all of it is understood, or some stays as it came. */
interface Told {
  readonly text: string;
  readonly isWhole: boolean;
}

/** One text, with all that is put into it. */
class Search {
  private readonly known = new Map<string, Told | null>();

  constructor(
    private readonly whole: ReadonlyMap<string, string>,
    private readonly patterns: readonly Pattern[],
    private readonly number: (value: number) => string,
  ) {}

  /** Its translation; null where there is none for any of it. */
  tell(text: string): Told | null {
    const found = this.whole.get(text);
    if (found !== undefined) return { text: found, isWhole: true };
    if (GROUPED.test(text)) {
      return { text: this.number(Number(text.replaceAll(",", ""))), isWhole: true };
    }
    const measured = this.measured(text);
    if (measured !== null) return { text: measured, isWhole: true };
    if (!text.includes(" ") || isQuoted(text)) return null;
    const before = this.known.get(text);
    if (before !== undefined || this.known.size >= MOST_LOOKS) return before ?? null;
    this.known.set(text, null);
    const told = this.best(text);
    this.known.set(text, told);
    return told;
  }

  /** A number with a fraction and its unit, as "0.1 s"; null for all else. */
  private measured(text: string): string | null {
    const at = text.indexOf(" ");
    const [number, unit] = [text.slice(0, at), text.slice(at)];
    if (at < 0 || !FRACTION.test(number) || MEASURE.exec(unit)?.[0] !== unit) return null;
    return this.number(Number(number)) + unit;
  }

  /** What stands in a place, before some piece; a fraction alone may be a version or the like. */
  private value(text: string, next = ""): Told | null {
    if (FRACTION.test(text) && MEASURE.test(next)) {
      return { text: this.number(Number(text)), isWhole: true };
    }
    return this.tell(text);
  }

  /** The first way in which all of it is understood, else the first in which some is. */
  private best(text: string): Told | null {
    const ways = [
      () => this.matched(text, (pattern, torn) => !torn && !isLoose(pattern)),
      () => this.joined(text),
      () => this.matched(text, (_, torn) => !torn),
      () => this.behindOne(text),
      () => this.matched(text, (_, torn) => torn),
    ];
    let some: Told | null = null;
    for (const way of ways) {
      const told = way();
      if (told?.isWhole) return told;
      some ??= told;
    }
    return some;
  }

  /** By a pattern that fits and may be used. A value may be more than one sentence, of which some
   *  belong elsewhere: then it may be that the text has to be `torn` apart first. */
  private matched(text: string, mayUse: (pattern: Pattern, torn: boolean) => boolean): Told | null {
    let some: Told | null = null;
    for (const pattern of this.patterns) {
      const values = valuesIn(text, pattern.pieces);
      if (!values || !mayUse(pattern, isTorn(pattern, values))) continue;
      const told = this.filled(pattern, values);
      if (told?.isWhole) return told;
      some ??= told;
    }
    return some;
  }

  /** Null for a pattern with few letters that may be anything. */
  private filled(pattern: Pattern, values: readonly string[]): Told | null {
    const told = values.map((each, at) => this.value(each, pattern.pieces[at + 1]));
    const isWhole = values.every((each, at) => told[at]?.isWhole ?? isPlain(each, pattern));
    const hasOurs = pattern.letters >= LEAST_LETTERS && told.some((each) => each);
    const isSure = hasOurs || pattern.letters >= FEW_LETTERS || isLed(pattern, values);
    if (!isWhole && !isSure) return null;
    const text = pattern.says
      .map((each) => (typeof each === "string" ? each : (told[each]?.text ?? values[each] ?? "")))
      .join("");
    return { text, isWhole };
  }

  /** Two sentences with something between them, or one in brackets behind the other. */
  private joined(text: string): Told | null {
    let some: Told | null = null;
    for (const joint of JOINTS) {
      const at = text.indexOf(joint);
      const other = text.slice(at + joint.length);
      const told = at > 0 ? this.both(text.slice(0, at), joint, other) : null;
      if (told?.isWhole) return told;
      some ??= told;
    }
    const open = text.indexOf(" (");
    if (some || open <= 0 || !text.endsWith(")")) return some;
    const found = this.both(text.slice(0, open), " (", text.slice(open + 2, -1));
    return found && { ...found, text: `${found.text})` };
  }

  private both(one: string, joint: string, other: string): Told | null {
    const told = [joint === ". " ? this.ended(one) : this.tell(one), this.tell(other)] as const;
    if (told[0] === null && told[1] === null) return null;
    return {
      text: `${told[0]?.text ?? one}${joint}${told[1]?.text ?? other}`,
      isWhole: (told[0]?.isWhole ?? isWord(one)) && (told[1]?.isWhole ?? isWord(other)),
    };
  }

  /** One that may have the full stop behind it in itself. */
  private ended(text: string): Told | null {
    const told = this.tell(`${text}.`);
    return told ? { ...told, text: told.text.replace(/\.$/, "") } : this.tell(text);
  }

  /** What a server, a file or the like did: that looks like no word, and stands in front. */
  private behindOne(text: string): Told | null {
    const at = text.indexOf(" ");
    const one = text.slice(0, at);
    const told = NO_WORD.test(one) ? this.tell(text.slice(at + 1)) : null;
    return told && { ...told, text: `${one} ${told.text}` };
  }
}

/** Numbers and quoted texts, which look the same in any language, and single words, unless they could
 *  be anything. */
function isPlain(value: string, { letters, pieces }: Pattern): boolean {
  if (COUNTED.test(value)) return true;
  const mayBeWords = letters >= LEAST_LETTERS || pieces[1] === CHOICE;
  return mayBeWords && value.split(", ").every(isWord);
}

const isWord = (text: string): boolean => !text.includes(" ");

function isQuoted(text: string): boolean {
  const quote = text.charAt(0);
  return `"'\``.includes(quote) && text.indexOf(quote, 1) === text.length - 1;
}

/** Whether its few words may stand anywhere: what is put together is taken apart before. */
const isLoose = ({ pieces, letters }: Pattern): boolean =>
  pieces[0] === "" && letters < FEW_LETTERS;

/** Whether it begins as we do, and has anybody's words at its end alone: "device 192.0.2.7 is …". */
const isLed = ({ pieces, letters }: Pattern, values: readonly string[]): boolean =>
  letters >= MANY_LETTERS &&
  values.length > 1 &&
  lettersOf(pieces[0] ?? "") >= LEAST_LETTERS &&
  values.slice(0, -1).every((each) => each !== "" && isWord(each));

const isTorn = ({ pieces }: Pattern, values: readonly string[]): boolean =>
  values.some((value, at) =>
    (at === 0 && pieces[0] === "" ? WIDE : WIDEST).some((joint) => value.includes(joint)),
  );

/** What stands in the places, each as short as can be; null where the pieces are not those of the text. */
function valuesIn(text: string, pieces: readonly string[]): string[] | null {
  const first = pieces[0] ?? "";
  const last = pieces.at(-1) ?? "";
  const end = text.length - last.length;
  if (first.length > end || !text.startsWith(first) || !text.endsWith(last)) return null;
  const values: string[] = [];
  let at = first.length;
  for (const piece of pieces.slice(1, -1)) {
    const found = text.indexOf(piece, at);
    if (found < 0 || found + piece.length > end) return null;
    values.push(text.slice(at, found));
    at = found + piece.length;
  }
  return [...values, text.slice(at, end)];
}

/** All that have places, those with the most letters first; what may stand behind others as well. */
function patternsOf(sentences: Sentences): Pattern[] {
  return Object.entries(sentences)
    .flatMap(([english, says]) => {
      const found = english.includes("{}") ? [patternOf(english, says)] : [];
      if (PREDICATE.test(english)) found.push(patternOf(`{} ${english}`, behind(` ${says}`)));
      else if (isEnding(english)) found.push(patternOf(`{}${english}`, behind(says)));
      return found;
    })
    .sort((one, other) => other.letters - one.letters);
}

/** Whether it is put behind a whole sentence. */
const isEnding = (english: string): boolean =>
  /^[ ,;:]/.test(english) && (!english.includes("{}") || lettersOf(english) >= MANY_LETTERS);

function patternOf(english: string, says: string): Pattern {
  let place = 0;
  return {
    pieces: english.split("{}"),
    says: says.split(PLACE).map((part, at) => {
      if (at % 2 === 0) return part;
      return part === "" ? place++ : Number(part) - 1;
    }),
    letters: lettersOf(english),
  };
}

/** The translation of an ending with a place in front of it. */
const behind = (says: string): string =>
  `{}${says.replace(/\{(\d+)\}/g, (_, place: string) => `{${Number(place) + 1}}`)}`;

const lettersOf = (text: string): number => text.replace(/[^a-zA-Z]/g, "").length;
