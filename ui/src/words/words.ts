// All that the page says, in the reader's language: a text by its key, with values put in.
//
// A language is a file in `languages/`, en.json being whole by definition. A text has places such as
// {name}; one that depends on a number has a form for each kind of plural that the language has, and
// the number is called {count}. Numbers are written as the language does.

import { computed, signal } from "@preact/signals";
import { keep, kept } from "../parts/kept";
import english from "./languages/en.json";
import type { Sentences, Teller } from "./said";

export type Key = keyof typeof english;
/** Whether there is a text of this key. */
export const isKey = (text: string): text is Key => text in english;

type Text = string | Partial<Record<Intl.LDMLPluralRule, string>>;
type Texts = Partial<Record<Key, Text>>;

const KEPT_AS = "sinkhole.language";
const others = import.meta.glob<{ default: Texts }>(["./languages/*.json", "!./languages/en.json"]);
const sentences = import.meta.glob<{ default: Sentences }>("./said/*.json");
const pathOf = (language: string): string => `./languages/${language}.json`;

/** All languages there are, by the codes that browsers use. */
export const LANGUAGES: readonly string[] = [
  "en",
  ...Object.keys(others).map((path) => /([\w-]+)\.json$/.exec(path)?.[1] ?? path),
];

const texts = signal<Texts>(english);
export const language = signal("en");
const teller = signal<Teller | null>(null);

/** The reader's own way to write numbers and times: that of the browser, if it speaks the language. */
export const locale = computed(
  () => navigator.languages.find((each) => baseOf(each) === language.value) ?? language.value,
);

const plurals = computed(() => new Intl.PluralRules(language.value));
const whole = computed(() => new Intl.NumberFormat(locale.value));

/** Speak the language that was chosen here, or the first of the browser's that is there. */
export function greet(): Promise<void> {
  const wanted = [kept(KEPT_AS), ...navigator.languages.map(baseOf), "en"];
  return load(wanted.find((each) => each !== null && LANGUAGES.includes(each)) ?? "en");
}

/** Speak another language, from now on. */
export async function speak(code: string): Promise<void> {
  await load(code);
  keep(KEPT_AS, code);
}

/** A text, with its values. One that a language lacks is said in English. */
export function t(key: Key, values: Record<string, string | number> = {}): string {
  return pieces(key, values)
    .map((piece) => {
      if (typeof piece === "string") return piece;
      const value = values[piece.place];
      return typeof value === "number" ? whole.value.format(value) : (value ?? "");
    })
    .join("");
}

/** The text in pieces: what stands between, and the places to be filled. */
export function pieces(
  key: Key,
  values: Readonly<Record<string, unknown>>,
): (string | { readonly place: string })[] {
  const found = texts.value[key] ?? (english[key] as Text);
  const form = typeof found === "string" ? found : formOf(found, values.count);
  return form
    .split(/\{(\w+)\}/)
    .map((piece, index) => (index % 2 ? { place: piece } : piece))
    .filter((piece) => piece !== "");
}

function formOf(forms: Exclude<Text, string>, count: unknown): string {
  const kind = plurals.value.select(typeof count === "number" ? count : 0);
  return forms[kind] ?? forms.other ?? "";
}

/** A sentence of the server, or a piece of one. */
export const translated = (text: string): string => teller.value?.sentence(text) ?? text;

/** A name that the server gave, such as that of a list. */
export const translatedName = (text: string): string => teller.value?.name(text) ?? text;

async function load(code: string): Promise<void> {
  const file = others[pathOf(code)];
  texts.value = file ? (await file()).default : english;
  language.value = code;
  document.documentElement.lang = code;
  teller.value = null;
  loadTeller(code).catch(() => undefined); // the server is then told in its own words
}

async function loadTeller(code: string): Promise<void> {
  const file = sentences[`./said/${code}.json`];
  if (!file) return;
  const [{ tellerOf }, { default: found }] = await Promise.all([import("./said"), file()]);
  if (language.value === code) teller.value = tellerOf(found, (value) => whole.value.format(value));
}

const baseOf = (code: string): string => code.split("-")[0] ?? code;
