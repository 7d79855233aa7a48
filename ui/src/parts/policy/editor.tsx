// Every trait of an item: as for whoever is below it, or something of its own.

import type { ComponentChildren } from "preact";
import { type Key, t } from "../../words/words";
import { Choices, Control } from "../control";
import { type Accepts, choicesOf, kindOf } from "../kind";
import type { Known } from "./known";
import { traitHelp, traitName, valueText, wordOf } from "./naming";
import { ServiceTicks } from "./service_ticks";
import { Ticks } from "./ticks";
import { type Said, saidAt, saying, type Trait } from "./traits";
import "./policy.css";

export interface EditorGiven {
  /** Tells the fields of this editor from those of another one. */
  readonly id: string;
  readonly said: Said;
  readonly known: Known;
  /** What applies where nothing is said, and whose that is. */
  readonly below: (path: string) => unknown;
  readonly belowName: Key;
  readonly disabled: boolean;
  readonly onChange: (said: Said) => void;
}

const SECTIONS: readonly (readonly [Key, (path: string) => boolean])[] = [
  [
    "policy.section.blocked",
    (path) =>
      ["filtering", "lists", "rules", "services", "categories", "allow_only"].includes(path),
  ],
  ["policy.section.safe_search", (path) => path.startsWith("safe_search.")],
  ["policy.section.privacy", (path) => ["privacy", "log", "statistics"].includes(path)],
  ["policy.section.more", () => true],
];

export function Editor(given: EditorGiven) {
  const rest = new Set(given.known.traits);
  return (
    <>
      {SECTIONS.map(([name, isIn]) => {
        const traits = [...rest].filter(({ path }) => isIn(path));
        for (const each of traits) rest.delete(each);
        const count = traits.filter(({ path }) => saidAt(given.said, path) !== undefined).length;
        return (
          <details key={name} class="section" open={name === "policy.section.blocked" || count > 0}>
            <summary>
              <h3>{t(name)}</h3>{" "}
              {count > 0 && <span class="tag">{t("policy.own_count", { count })}</span>}
            </summary>
            {traits.map((trait) => (
              <Row key={trait.path} trait={trait} {...given} />
            ))}
          </details>
        );
      })}
    </>
  );
}

type RowGiven = EditorGiven & { readonly trait: Trait };

function Row(given: RowGiven) {
  const { id, trait, said } = given;
  const { path } = trait;
  const value = saidAt(said, path);
  const field = `${id}-${path}`;
  return (
    <div class={`setting ${value === undefined ? "" : "own"}`}>
      <div>
        <label htmlFor={field}>
          <strong>{traitName(path)}</strong>
        </label>
        <p class="quiet">{traitHelp(path)}</p>
      </div>
      <div class="value">
        <Choice {...given} field={field} value={value} />
        {value !== undefined && <Own {...given} field={`${field}-own`} value={value} />}
      </div>
    </div>
  );
}

type FieldGiven = RowGiven & { readonly field: string; readonly value: unknown };

const AS_BELOW = "";
const OWN = "own";

/** Whether it says something of its own; where there are few values, which. */
function Choice({
  field,
  trait,
  value,
  known,
  below,
  belowName,
  disabled,
  said,
  onChange,
}: FieldGiven) {
  const { path, accepts } = trait;
  const values = fewOf(path, accepts);
  const chosen = value === undefined ? AS_BELOW : values ? JSON.stringify(value) : OWN;
  function choose(text: string): void {
    const wanted =
      text === AS_BELOW ? undefined : text === OWN ? begun(trait, below(path)) : JSON.parse(text);
    onChange(saying(said, path, wanted));
  }
  const inherited =
    path === "rules"
      ? t("policy.no_more_rules") // these add up
      : t(belowName, { value: valueText(path, below(path), known.called) });
  return (
    <select
      id={field}
      value={chosen}
      disabled={disabled}
      onChange={(event) => choose(event.currentTarget.value)}
    >
      <option value={AS_BELOW}>{inherited}</option>
      {values?.map((each) => (
        <option key={String(each)} value={JSON.stringify(each)}>
          {valueText(path, each)}
        </option>
      ))}
      {!values && <option value={OWN}>{t("policy.own")}</option>}
    </select>
  );
}

function fewOf(path: string, accepts: Accepts): readonly unknown[] | null {
  if (path === "lists") return null;
  const kind = kindOf(accepts);
  if (kind === "switch") return [true, false];
  return kind === "choice" ? choicesOf(accepts) : null;
}

/** What it begins with when it is to say something of its own. */
function begun({ path, accepts }: Trait, below: unknown): unknown {
  if (path === "lists") return "all";
  if (path === "rules") return [];
  if (["lines", "choices"].includes(kindOf(accepts))) return Array.isArray(below) ? below : [];
  return below ?? (kindOf(accepts) === "number" ? 0 : "default");
}

/** The field for a value of its own. */
function Own(given: FieldGiven): ComponentChildren {
  const { field, trait, value, known, disabled, said, onChange } = given;
  const { path, accepts } = trait;
  const set = (wanted: unknown) => onChange(saying(said, path, wanted ?? undefined));
  if (fewOf(path, accepts)) return null;
  const label = traitName(path);
  if (path === "lists") return <Lists {...given} field={field} set={set} />;
  if (path === "services") {
    const chosen = (value ?? []) as readonly string[];
    if (disabled) return <p>{valueText(path, chosen, known.called)}</p>;
    return <ServiceTicks id={field} label={label} known={known} chosen={chosen} set={set} />;
  }
  if (kindOf(accepts) === "choices") {
    const words = choicesOf(accepts).map((word) => [word, wordOf(path, word)] as const);
    return (
      <Ticks id={field} label={label} words={words} value={value} disabled={disabled} set={set} />
    );
  }
  if (typeof value === "object" && !Array.isArray(value))
    return <code class="rule">{JSON.stringify(value)}</code>;
  return (
    <Control
      id={field}
      label={label}
      accepts={accepts}
      value={value}
      disabled={disabled}
      onChange={set}
    />
  );
}

function Lists({
  field,
  value,
  known,
  disabled,
  set,
}: FieldGiven & { set: (value: unknown) => void }) {
  const isAll = value === "all";
  return (
    <>
      <label class="check">
        <input
          type="checkbox"
          checked={isAll}
          disabled={disabled}
          onChange={(event) => set(event.currentTarget.checked ? "all" : known.lists)}
        />
        {t("trait.all_lists")}
      </label>
      {!isAll && (
        <Choices
          id={field}
          label={t("trait.lists")}
          words={known.lists}
          chosen={(value ?? []) as readonly string[]}
          disabled={disabled}
          onChange={set}
        />
      )}
    </>
  );
}
