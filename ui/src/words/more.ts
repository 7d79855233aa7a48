// Words that one page alone needs, a file a language as well, fetched when the page is shown.

import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { language } from "./words";

/** What `import.meta.glob` gives: how each file is fetched, by its path. */
export type Files<T> = Readonly<Record<string, () => Promise<{ readonly default: T }>>>;

/** The file of the language that is spoken; null while it comes, and where there is none. */
export function useMore<T>(files: Files<T>): T | null {
  const found = useSignal<T | null>(null);
  const file = `/${language.value}.json`;
  const load = Object.entries(files).find(([path]) => path.endsWith(file))?.[1];
  useEffect(() => {
    let isWanted = true;
    const come = async (): Promise<void> => {
      const words = load ? (await load()).default : null;
      if (isWanted) found.value = words;
    };
    come().catch(() => undefined); // the page does without, in the server's own words
    return () => {
      isWanted = false;
    };
  }, [load, found]);
  return found.value;
}
