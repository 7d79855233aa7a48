// The field for a value, by what is accepted in its place.

import { Amount } from "./amount";
import { type Accepts, choicesOf, kindOf, read, unitsOf, written } from "./kind";
import { PartsOf, PathOf, Rows } from "./nested";
import { useTyped } from "./typed";
import "./control.css";

interface Given {
  readonly id: string;
  /** Says what it is for, where no <label> of the page does. */
  readonly label?: string | undefined;
  readonly accepts: Accepts;
  readonly value: unknown;
  readonly placeholder?: string | undefined;
  readonly disabled?: boolean | undefined;
  /** What a word that can be chosen is called; itself without this. */
  readonly wordOf?: ((choice: string) => string) | undefined;
  readonly onChange: (value: unknown) => void;
}

/** The field; what it means is told when one leaves it, so that nothing half typed counts. */
export function Control(given: Given) {
  const { id, label, accepts, value, placeholder, disabled, wordOf, onChange } = given;
  const kind = kindOf(accepts);
  const text = written(kind, value);
  const set = (typed: string) => onChange(read(kind, typed));
  const common = { id, disabled, "aria-label": label };
  switch (kind) {
    case "switch":
      return (
        <input
          {...common}
          type="checkbox"
          class="toggle"
          checked={text === "true"}
          onChange={(event) => set(String(event.currentTarget.checked))}
        />
      );
    case "choice":
      return (
        <select {...common} value={text} onChange={(event) => set(event.currentTarget.value)}>
          {choicesOf(accepts).map((each) => (
            <option key={each} value={each}>
              {wordOf?.(each) ?? each}
            </option>
          ))}
        </select>
      );
    case "choices":
      return (
        <Choices
          id={id}
          label={label}
          words={choicesOf(accepts)}
          chosen={(value ?? []) as readonly string[]}
          disabled={disabled}
          wordOf={wordOf}
          onChange={onChange}
        />
      );
    case "amount":
      return <Amount {...given} units={unitsOf(accepts)} />;
    case "parts":
      return <PartsOf {...given} />;
    case "rows":
      return <Rows {...given} />;
    case "path":
      return <PathOf {...given} />;
    case "lines":
      return <Lines {...common} placeholder={placeholder} text={text} onDone={set} />;
    default:
      return (
        <Line
          {...common}
          inputMode={kind === "number" ? "numeric" : "text"}
          placeholder={placeholder}
          text={text}
          onDone={set}
        />
      );
  }
}

interface TextGiven {
  readonly id: string;
  readonly disabled: boolean | undefined;
  readonly "aria-label": string | undefined;
  readonly placeholder: string | undefined;
  readonly text: string;
  readonly onDone: (typed: string) => void;
}

function Line({ text, onDone, ...more }: TextGiven & { readonly inputMode: "numeric" | "text" }) {
  const typed = useTyped(text, onDone);
  return <input {...more} type="text" spellcheck={false} autocomplete="off" {...typed} />;
}

function Lines({ text, onDone, ...more }: TextGiven) {
  const typed = useTyped(text, onDone);
  const rows = Math.min(Math.max(text.split("\n").length, 1), 8);
  return <textarea {...more} rows={rows} spellcheck={false} {...typed} />;
}

interface ChoicesGiven {
  readonly id: string;
  readonly label?: string | undefined;
  readonly words: readonly string[];
  readonly chosen: readonly string[];
  readonly disabled?: boolean | undefined;
  readonly wordOf?: ((choice: string) => string) | undefined;
  readonly onChange: (chosen: readonly string[]) => void;
}

/** Any number of words out of a few. */
export function Choices({ id, label, words, chosen, disabled, wordOf, onChange }: ChoicesGiven) {
  return (
    <fieldset id={id} class="words" disabled={disabled} aria-label={label}>
      {words.map((word) => (
        <label key={word}>
          <input
            type="checkbox"
            class="toggle"
            checked={chosen.includes(word)}
            onChange={(event) =>
              onChange(
                event.currentTarget.checked
                  ? [...chosen, word]
                  : chosen.filter((each) => each !== word),
              )
            }
          />{" "}
          {wordOf?.(word) ?? word}
        </label>
      ))}
    </fieldset>
  );
}
