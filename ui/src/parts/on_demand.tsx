// Pages that are fetched when somebody goes there.

import { signal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { api, Unreachable } from "../server/api";
import { attempt } from "../server/reach";
import { t } from "../words/words";

export type Page = () => JSX.Element;
export type Load = () => Promise<{ default: Page }>;

const AGAIN_MS = 3_000;

const loaded = signal<ReadonlyMap<Load, Page>>(new Map());

/** The page that `load` brings, once for all. */
export function OnDemand({ load }: { load: Load }) {
  const Found = loaded.value.get(load);
  useEffect(() => {
    if (loaded.value.has(load)) return;
    let timer = 0;
    attempt("page", async () => {
      const page = await load().catch((error: unknown) => {
        timer = window.setTimeout(beginAgain, AGAIN_MS);
        throw new Unreachable(String(error));
      });
      loaded.value = new Map([...loaded.value, [load, page.default]]);
    });
    /** Browsers fetch nothing again that failed once; besides, a server that comes back may be
     *  another version, with other files. So all of it is, as soon as there is a server. */
    async function beginAgain(): Promise<void> {
      const isBack = await api.GET("/me").then(
        () => true,
        (error: unknown) => !(error instanceof Unreachable),
      );
      if (isBack) location.reload();
      else timer = window.setTimeout(beginAgain, AGAIN_MS);
    }
    return () => clearTimeout(timer);
  }, [load]);
  return Found ? <Found /> : <p class="quiet">{t("frame.loading")}</p>;
}
