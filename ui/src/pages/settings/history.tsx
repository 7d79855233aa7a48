// Who changed what and when, each change with a way back.

import { By } from "../../parts/by";
import { Trouble, useDeed } from "../../parts/deed";
import { Foreign, Translated } from "../../parts/foreign";
import { api, told } from "../../server/api";
import { usePolled } from "../../server/polled";
import { may } from "../../server/reach";
import { moment } from "../../words/format";
import { t } from "../../words/words";
import { became } from "./became";
import type { Setting } from "./sections";

/** As many as are kept. */
const MOST = 50;

interface Given {
  /** The revision in force: with another one there is something new here. */
  readonly revision: string;
  /** What is called how. */
  readonly settings: readonly Setting[];
  readonly onUndone: () => void;
}

export function History({ revision, settings, onUndone }: Given) {
  const read = (signal: AbortSignal) =>
    told(api.GET("/settings/revisions", { params: { query: { limit: MOST } }, signal }));
  const polled = usePolled("revisions", read, null, [revision]);
  const deed = useDeed(onUndone);
  const revisions = polled.last.value?.revisions ?? [];
  if (revisions.length === 0) return null;
  const known = new Map(settings.map((each) => [each.key, each]));
  return (
    <section class="card" aria-labelledby="history-title">
      <div class="card-head">
        <h2 id="history-title">{t("settings.history")}</h2>
      </div>
      <Trouble deed={deed} />
      <ol id="history" class="rules">
        {revisions.map(({ number, time, actor, note, undoes, changes }) => (
          <li key={number}>
            <span>
              {moment(time)} · <By actor={actor} look="isolated strong" />
              {(undoes > 0 || note) && " · "}
              {undoes > 0 && `${t("settings.undid")} `}
              {note && <Translated text={note} look="isolated quiet" />}
              {changes.map((change) => (
                <div key={`${change.key} ${change.item}`} class="small">
                  {known.get(change.key)?.title ?? change.key}{" "}
                  <Foreign
                    text={change.item ? `${change.key} ${change.item}` : change.key}
                    look="rule quiet"
                  />
                  :{" "}
                  {became(change, known.get(change.key)).map(({ part, before, after }, index) => (
                    <span key={part}>
                      {index > 0 && "; "}
                      {part && `${part}: `}
                      {before !== null && (
                        <>
                          <Foreign text={before} /> →{" "}
                        </>
                      )}
                      <Foreign text={after} />
                    </span>
                  ))}
                </div>
              ))}
            </span>
            {changes.length > 0 && may("settings:write") && (
              <button
                type="button"
                aria-label={t("settings.undo_of", { when: moment(time) })}
                disabled={deed.isBusy.value}
                onClick={() =>
                  deed.run(() =>
                    told(
                      api.POST("/settings/revisions/{number}/undo", {
                        params: { path: { number } },
                        body: {},
                      }),
                    ),
                  )
                }
              >
                {t("settings.undo")}
              </button>
            )}
          </li>
        ))}
      </ol>
    </section>
  );
}
