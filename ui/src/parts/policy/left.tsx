// What is left of a pause, and who began it.

import type { Schemas } from "../../server/api";
import { minutes, span } from "../../words/format";
import { T } from "../../words/rich";
import { By } from "../by";

type Pause = Pick<Schemas["PauseStatus"], "left_s" | "ends_at" | "paused_by">;

export function Left({ pause: { left_s, ends_at, paused_by } }: { pause: Pause }) {
  const by = <By actor={paused_by} />;
  if (left_s == null || ends_at == null)
    return <T k="protection.until_resumed_by" values={{ by }} />;
  const values = { left: span(Math.max(left_s, 1)), at: minutes(ends_at), by };
  return <T k="protection.left" values={values} />;
}
