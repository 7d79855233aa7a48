// Changes of the settings: asked of the server before they are made, for what they come to and what
// is wrong with them; then made.

import { type ReadonlySignal, useSignal } from "@preact/signals";
import { api, Refused, type Schemas, told } from "../server/api";
import { type Asked, useAsked } from "./asked";
import { type Deed, useDeed } from "./deed";

/** What the server calls it when somebody was quicker. */
const OLD = "revision_is_old";

type Result = Schemas["ChangeResult"];

export interface ToChange {
  readonly changes: Schemas["SettingChange"][];
  /** Of the settings that were read; somebody may have been quicker. */
  readonly revision: string;
  /** Somebody was quicker: reads what there is now, for a revision that counts. */
  readonly onOld: () => Promise<void>;
  /** They are made: ends when what there is now was read. */
  readonly onSaved: () => Promise<void>;
}

export interface SettingsChange extends Asked<Result> {
  /** Whether somebody was quicker since the changes were begun. */
  readonly wasOld: ReadonlySignal<boolean>;
  readonly deed: Deed;
  /** Makes the changes: what that did, or null where it went wrong. */
  readonly save: () => Promise<Result | null>;
}

export function useSettingsChange({ changes, revision, onOld, onSaved }: ToChange): SettingsChange {
  const deed = useDeed();
  const wasOld = useSignal(false);
  const body = { changes, revision, note: "" };
  // Answered after they are made, it would be told that somebody was quicker: we were. So nothing is
  // asked any more once they are being made, and who waits for an answer gives up.
  const asked = useAsked({ ...body, dry_run: true }, async (tried, signal) => {
    const mine = deed.isBusy.value ? AbortSignal.abort() : signal;
    return told(api.PATCH("/settings", { body: tried, signal: mine })).catch((error) => {
      void see(error);
      throw error;
    });
  });

  /** What was wrong is said where it stands; that somebody was quicker, beside it as well. What was
   *  told before counts no more then, and nothing is made until what there is now was looked at. */
  async function see(error: unknown): Promise<void> {
    if (!(error instanceof Refused && error.code === OLD)) return;
    wasOld.value = true;
    asked.forget();
    await onOld();
  }

  async function save(): Promise<Result | null> {
    asked.giveUp();
    let done: Result | null = null;
    await deed.run(async () => {
      const made = told(api.PATCH("/settings", { body: { ...body, dry_run: false } }));
      done = await made.catch(async (error) => {
        await see(error);
        throw error;
      });
      // What was there before is shown no more, and no other change begins with it.
      await onSaved();
    });
    return done;
  }
  return { ...asked, wasOld, deed, save };
}
