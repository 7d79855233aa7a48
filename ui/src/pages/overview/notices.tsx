// What is wrong, and a click that does something about it; lists that are on their way.

import { useDeed } from "../../parts/deed";
import { Foreign, Sentence } from "../../parts/foreign";
import { isComing } from "../../parts/list_row";
import { t } from "../../words/words";
import { Undo } from "../list/changing";
import type { Numbers } from "./numbers";
import { isAllowed, type Remedy } from "./remedies";
import { type Trouble, troublesOf } from "./troubles";

interface Given {
  readonly found: Numbers | undefined;
  /** Has everything read again. */
  readonly onChanged: () => void;
}

/** As many as leave room for the figures on a phone. */
const MOST_AT_ONCE = 3;

export function Notices({ found, onChanged }: Given) {
  const coming = found?.lists.lists.filter(isComing) ?? [];
  const troubles = found ? troublesOf(found) : [];
  const notice = (each: Trouble) => <Notice key={each.text} trouble={each} onChanged={onChanged} />;
  const more = troubles.slice(MOST_AT_ONCE);
  return (
    <div id="notices" role="status" aria-label={t("overview.problems")}>
      <Undo onDone={onChanged} />
      {troubles.slice(0, MOST_AT_ONCE).map(notice)}
      {more.length > 0 && (
        <details>
          <summary>{t("overview.more_problems", { count: more.length })}</summary>
          {more.map(notice)}
        </details>
      )}
      {coming.length > 0 && (
        <p class="notice coming">
          {t("overview.coming", { count: coming.length })}{" "}
          <Foreign text={coming.map(({ name }) => name).join(", ")} />
        </p>
      )}
    </div>
  );
}

function Notice({ trouble, onChanged }: { trouble: Trouble; onChanged: () => void }) {
  const { severity, text, advice, remedy } = trouble;
  const deed = useDeed(onChanged);
  return (
    <div class={`notice ${severity}`}>
      <p>
        <Sentence text={text} />
        {advice && (
          <>
            {" "}
            <Sentence text={advice} look="isolated quiet" />
          </>
        )}
        {deed.trouble.value && (
          <>
            {" "}
            <Foreign text={deed.trouble.value} look="isolated error" />
          </>
        )}
      </p>
      {remedy && isAllowed(remedy) && (
        <Way remedy={remedy} isBusy={deed.isBusy.value} onDo={(work) => deed.run(work)} />
      )}
    </div>
  );
}

interface WayGiven {
  readonly remedy: Remedy;
  readonly isBusy: boolean;
  readonly onDo: (work: () => Promise<unknown>) => void;
}

function Way({ remedy: { words, leads, work }, isBusy, onDo }: WayGiven) {
  if (leads) {
    return (
      <a class="button" href={leads}>
        {words}
      </a>
    );
  }
  return (
    <button type="button" disabled={isBusy} onClick={() => work && onDo(work)}>
      {words}
    </button>
  );
}
