// Kinds of services that are blocked as a whole, for everybody.

import { Trouble, useDeed } from "../../parts/deed";
import { noteChange } from "../../parts/policy/undo";
import { api, told } from "../../server/api";
import { usePolled } from "../../server/polled";
import { type Key, t } from "../../words/words";
import { change } from "./known";

/** Those that a household may want to be without; the page of services has all of them. */
export const KINDS = [
  "social_network",
  "streaming",
  "gaming",
  "gambling",
  "dating",
  "adult",
  "ai",
  "shopping",
] as const;

export const wordOf = (kind: string): string => t(`start.kind.${kind}` as Key);

/** Read once, and when `undone` is another. */
export const useServices = (undone: number) =>
  usePolled("services", (signal) => told(api.GET("/services", { signal })), null, [undone]);

export function Kinds({ undone }: { undone: number }) {
  const polled = useServices(undone);
  const deed = useDeed(polled.now);
  const found = polled.last.value;
  const set = (kind: string, blocked: boolean) =>
    deed.run(async () => {
      const item = `group:${kind}`;
      const action = blocked ? "set" : "remove";
      const done = await change([
        { key: "filtering.services", item, action, value: blocked ? item : null },
      ]);
      const words = blocked ? "start.done.blocked" : "start.done.unblocked";
      noteChange(t(words, { name: wordOf(kind) }), done);
    });
  return (
    <section class="card" aria-labelledby="kinds-title">
      <h2 id="kinds-title">{t("start.kinds.title")}</h2>
      <p class="quiet">{t("start.kinds.about")}</p>
      <Trouble deed={deed} />
      <ul id="kinds" class="kinds">
        {KINDS.map((kind) => {
          const examples = (found?.services ?? []).filter(({ group }) => group === kind);
          return (
            <li key={kind}>
              <label class="check">
                <input
                  type="checkbox"
                  checked={found?.groups.find(({ name }) => name === kind)?.blocked ?? false}
                  disabled={!found || deed.isBusy.value}
                  onChange={(event) => set(kind, event.currentTarget.checked)}
                />
                <span>{wordOf(kind)}</span>
              </label>
              <p class="quiet">
                {examples
                  .slice(0, 4)
                  .map(({ name }) => name)
                  .join(", ")}
              </p>
            </li>
          );
        })}
      </ul>
    </section>
  );
}
