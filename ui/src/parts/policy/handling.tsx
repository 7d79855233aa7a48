// Giving an item another name, and removing it: both can be taken back.

import { useSignal } from "@preact/signals";
import type { Schemas } from "../../server/api";
import { t } from "../../words/words";
import { Trouble, useDeed } from "../deed";
import { noteChange } from "./undo";

const LONGEST = 100;

type Result = Schemas["ChangeResult"];

interface RenameGiven {
  readonly name: string;
  readonly rename: (other: string) => Promise<Result>;
  readonly onRenamed: (other: string) => void;
}

export function Rename({ name, rename, onRenamed }: RenameGiven) {
  const wanted = useSignal(name);
  const deed = useDeed();
  async function submit(event: Event): Promise<void> {
    event.preventDefault();
    const other = wanted.value.trim();
    const isDone = await deed.run(async () => {
      noteChange(t("policy.renamed", { name, other }), await rename(other));
    });
    if (isDone) onRenamed(other);
  }
  return (
    <form class="naming" onSubmit={submit}>
      <input
        type="text"
        aria-label={t("policy.other_name")}
        maxLength={LONGEST}
        required
        value={wanted.value}
        onInput={(event) => {
          wanted.value = event.currentTarget.value;
        }}
      />
      <button type="submit" disabled={deed.isBusy.value || wanted.value.trim() === name}>
        {t("policy.rename")}
      </button>
      <Trouble deed={deed} />
    </form>
  );
}

interface RemovalGiven {
  readonly name: string;
  /** What the button says. */
  readonly label: string;
  readonly remove: () => Promise<Result>;
  readonly onRemoved: () => void;
}

export function Removal({ name, label, remove, onRemoved }: RemovalGiven) {
  const deed = useDeed();
  async function click(): Promise<void> {
    const isDone = await deed.run(async () => {
      noteChange(t("policy.removed", { name }), await remove());
    });
    if (isDone) onRemoved();
  }
  return (
    <span>
      <button type="button" disabled={deed.isBusy.value} onClick={click}>
        {label}
      </button>
      <Trouble deed={deed} />
    </span>
  );
}
