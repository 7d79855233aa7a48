// What settings are called and mean, in the reader's language: the server says it in English, and a
// file of `words/settings/` in another language, by key.

import { amountWords } from "../../parts/amount";
import { isKey, t, translated } from "../../words/words";
import type { Setting } from "./sections";

/** By key: what it is called, and what it means. */
export type Meanings = Readonly<Record<string, readonly [title: string, help: string]>>;

/** The settings with their titles and helps in the words of a file. */
export function inWords(settings: readonly Setting[], words: Meanings | null): readonly Setting[] {
  if (!words) return settings;
  return settings.map((setting) => {
    const [title, help] = words[setting.key] ?? [setting.title, setting.help];
    return { ...setting, title, help };
  });
}

/** A word that can be chosen as people read it, such as "no_names"; itself where nobody said. */
export function choiceWord(choice: string): string {
  const key = `settings.choice.${choice}`;
  return isKey(key) ? t(key) : choice;
}

/** What a setting takes, as far as its field does not show that: "0 to 7 days". */
export function takenBy({ syntax, accepts }: Setting): string {
  const { type, enum: words } = accepts as { type?: unknown; enum?: unknown };
  if (type === "boolean" || words) return "";
  const [, low, high, orNone] = /^(\S+) to (\S+?)(, or 0)?$/.exec(syntax) ?? [];
  if (low && high) {
    const values = { low: amountWords(low), high: amountWords(high) };
    return t(orNone ? "settings.range_or_0" : "settings.range", values);
  }
  const [, port] = /^"IPv4:port" or "\[IPv6\]:port"; without a port, (\d+)$/.exec(syntax) ?? [];
  if (port) return t("settings.address", { port });
  if (syntax === "an IPv4 address") return t("settings.ipv4");
  if (syntax === "an IPv6 address") return t("settings.ipv6");
  return translated(syntax);
}
