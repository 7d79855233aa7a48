// How it goes with the server: who we are to it, and what is wrong with what was last asked.

import { computed, signal } from "@preact/signals";
import { isKey, t, translated } from "../words/words";
import { api, isAborted, Refused, type Schemas, told, Unknown, Unreachable } from "./api";

const NEW_SERVER = "account_needed";

export type Door = "unknown" | "open" | "sign-in" | "first-account";

/** Who is signed in; null while that is not known, or nobody is. */
export const me = signal<Schemas["Me"] | null>(null);

/** Whether one is in, or what is asked for at the door. */
export const door = signal<Door>("unknown");

/** What is wrong, by what was tried: texts for people. */
const troubles = signal<ReadonlyMap<string, string>>(new Map());

export const trouble = computed(() => [...troubles.value.values()][0] ?? null);

/** Whether one may do something, such as "rules:write". */
export const may = (permission: Schemas["Permission"]): boolean =>
  me.value?.permissions.includes(permission) ?? false;

const HOME = ["localhost", "127.0.0.1", "[::1]"];

/** Whether a password would cross the network as it is written. */
export const isPlain = (): boolean =>
  location.protocol === "http:" && !HOME.includes(location.hostname);

/** Ask the server who we are. Throws Unreachable, or Refused for anything but that. */
export async function enter(): Promise<void> {
  try {
    welcome(await told(api.GET("/me")));
  } catch (error) {
    if (!(error instanceof Unknown)) throw error;
    me.value = null;
    door.value = error.code === NEW_SERVER ? "first-account" : "sign-in";
  }
}

export function welcome(who: Schemas["Me"]): void {
  me.value = who;
  door.value = "open";
}

/** Run `work` and keep how it went; one that was replaced by a newer one is silent. */
export async function attempt(what: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
    tell(what, null);
  } catch (error) {
    if (isAborted(error)) return;
    if (!(await atTheDoor(error))) tell(what, wordsOf(error));
  }
}

/** Whether that was because nobody is signed in any more: then the door is shown, and behind it the
 *  page where one was. */
export async function atTheDoor(error: unknown): Promise<boolean> {
  if (!(error instanceof Unknown)) return false;
  await enter().catch(() => undefined);
  return true;
}

/** Forget what was wrong with something that nobody tries any more. */
export const forget = (what: string): void => tell(what, null);

/** An error in words for people. */
export function wordsOf(error: unknown): string {
  if (error instanceof Unreachable) return t("reach.lost");
  if (error instanceof Refused) {
    const key = `error.${error.code}`;
    if (isKey(key)) return t(key, { seconds: Number(error.more.retry_after_s ?? 0) });
    return t("reach.refused", { text: reasonOf(error) });
  }
  console.error(error);
  return t("reach.fault");
}

const reasonOf = ({ message, problems }: Refused): string =>
  problems.length > 0
    ? problems
        .map(({ key, text }) => (key ? `${key}: ${translated(text)}` : translated(text)))
        .join("; ")
    : translated(message);

function tell(what: string, text: string | null): void {
  if ((troubles.value.get(what) ?? null) === text) return;
  const others = [...troubles.value].filter(([each]) => each !== what);
  troubles.value = new Map(text === null ? others : [...others, [what, text]]);
}
