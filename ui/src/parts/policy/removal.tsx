// Removing a group or a schedule: at once where nobody names it, else with all that has to change for
// whoever does, which is told before.

import { useSignal } from "@preact/signals";
import { T } from "../../words/rich";
import { type Key, t } from "../../words/words";
import { Trouble } from "../deed";
import { Foreign, Listed, Translated } from "../foreign";
import { useSettingsChange } from "../settings_change";
import { Removal } from "./handling";
import type { Known } from "./known";
import { changesText } from "./saving";
import { noteChange } from "./undo";
import { removalOf, type Use, type Used, usesOf } from "./uses";

interface Given {
  readonly known: Known;
  readonly used: Used;
  readonly name: string;
  /** What the button says. */
  readonly label: string;
  /** Removes it where nobody names it. */
  readonly remove: Parameters<typeof Removal>[0]["remove"];
  readonly onRemoved: () => void;
  /** Has what is known read again, as somebody may have been quicker. */
  readonly onOld: () => Promise<void>;
}

export function RemovalWithUses(given: Given) {
  const { known, used, name, label, remove, onRemoved, onOld } = given;
  const isOpen = useSignal(false);
  const uses = usesOf(known, used, name);
  const seen = () =>
    remove().catch((error: unknown) => {
      isOpen.value = true; // somebody may name it by now
      onOld();
      throw error;
    });
  if (uses.length === 0)
    return <Removal name={name} label={label} remove={seen} onRemoved={onRemoved} />;
  const close = () => {
    isOpen.value = false;
  };
  return (
    <div class={isOpen.value ? "removal told" : "removal"}>
      {!isOpen.value && (
        <button
          type="button"
          onClick={() => {
            isOpen.value = true;
          }}
        >
          {label}
        </button>
      )}
      {isOpen.value && <Told {...given} uses={uses} onClose={close} />}
    </div>
  );
}

const WORDS = {
  groups: {
    told: "policy.removal.members",
    held: "policy.removal.member_held",
    deed: "policy.removal.move",
  },
  schedules: {
    told: "policy.removal.followers",
    held: "policy.removal.follower_held",
    deed: "policy.removal.together",
  },
} as const satisfies Record<Used, Record<string, Key>>;

type ToldGiven = Given & { readonly uses: readonly Use[]; readonly onClose: () => void };

/** Who names it and what becomes of them; what a file holds keeps it from being removed. */
function Told({ known, used, name, label, uses, onRemoved, onOld, onClose }: ToldGiven) {
  const words = WORDS[used];
  const held = uses.filter(({ item }) => item.locked);
  const names = <Listed texts={uses.map(({ item }) => item.name)} />;
  return (
    <section class="notice" aria-label={label}>
      <p>
        <T k={words.told} values={{ count: uses.length, names }} />
      </p>
      {used === "schedules" && <Turns uses={uses} called={known.called} />}
      {held.map(({ key, item: { name: holder, locked } }) => (
        <p key={`${key} ${holder}`} class="error">
          <T
            k={words.held}
            values={{ name: <Foreign text={holder} />, where: <Translated text={locked} /> }}
          />
        </p>
      ))}
      {held.length === 0 && (
        <Deed
          changes={removalOf(used, name, uses)}
          revision={known.revision}
          words={t(words.deed)}
          done={t("policy.removed", { name })}
          onDone={onRemoved}
          onOld={onOld}
        />
      )}
      <button type="button" onClick={onClose}>
        {t("cancel")}
      </button>
    </section>
  );
}

function Turns({ uses, called }: { uses: readonly Use[]; called: Known["called"] }) {
  return (
    <ul class="rules">
      {uses.map(({ key, item, turn }) => (
        <li key={`${key} ${item.name}`}>
          <span>
            {t(key === "groups" ? "schedules.group" : "schedules.client")}{" "}
            <Foreign text={item.name} look="isolated strong" />:{" "}
            <Foreign text={turn ? changesText(turn, called) : ""} />
          </span>
        </li>
      ))}
    </ul>
  );
}

interface DeedGiven {
  readonly changes: ReturnType<typeof removalOf>;
  readonly revision: string;
  readonly words: string;
  readonly done: string;
  readonly onDone: () => void;
  readonly onOld: () => Promise<void>;
}

function Deed({ changes, revision, words, done, onDone, onOld }: DeedGiven) {
  const onSaved = async () => onDone();
  const change = useSettingsChange({ changes, revision, onOld, onSaved });
  const { found, trouble, wasOld, deed } = change;
  async function click(): Promise<void> {
    const result = await change.save();
    if (result) noteChange(done, result);
  }
  return (
    <>
      {wasOld.value && <p role="status">{t("settings.was_old")}</p>}
      <p class="error" role="alert">
        {trouble.value}
      </p>
      <Trouble deed={deed} />
      <button
        type="button"
        class="main"
        disabled={deed.isBusy.value || found.value === null}
        onClick={click}
      >
        {words}
      </button>
    </>
  );
}
