// What is drafted on a page, to be looked at and saved; and that something is held elsewhere.

import { Translated } from "../../parts/foreign";
import { Review } from "../../parts/review";
import { T } from "../../words/rich";
import type { Drafts } from "./drafts";

export function Reviewed({ drafts }: { drafts: Drafts }) {
  if (drafts.changes.length === 0) return null;
  return (
    <Review
      changes={[...drafts.changes]}
      revision={drafts.revision}
      onOld={drafts.readAgain}
      onSaved={drafts.saved}
      onDiscard={drafts.discard}
    />
  );
}

/** Where a key is held, so that it can't be changed here; nothing where it can. */
export function Held({ by }: { by: string }) {
  if (!by) return null;
  return (
    <p class="quiet small">
      <T k="held_by" values={{ where: <Translated text={by} /> }} />
    </p>
  );
}
