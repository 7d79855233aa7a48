// The field of the editor: a plain text field, with the same text in colours behind its letters.

import { useSignal } from "@preact/signals";
import type { RefObject } from "preact";
import { t } from "../../words/words";
import type { Checking } from "./checking";
import { Line } from "./line";

interface Given {
  readonly area: RefObject<HTMLTextAreaElement | null>;
  readonly text: string;
  readonly checking: Checking;
  readonly isFixed: boolean;
  readonly onInput: (text: string) => void;
  readonly onSave: () => void;
}

export function Typed({ area, text, checking, isFixed, onInput, onSave }: Given) {
  const at = useSignal(0);
  const wrong = new Set(checking.complaints.map(({ line }) => line));
  const lines = text.split("\n");
  const look = (field: HTMLTextAreaElement) => {
    at.value = field.value.slice(0, field.selectionStart).split("\n").length - 1;
  };
  return (
    <>
      <div class="editor">
        <div class="lines" aria-hidden="true">
          {lines.map((line, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: a line has nothing but its place
            <Line key={index} text={line} isWrong={wrong.has(index)} />
          ))}
        </div>
        <textarea
          id="rules"
          ref={area}
          wrap="off"
          spellcheck={false}
          autocomplete="off"
          autocapitalize="off"
          readOnly={isFixed}
          aria-label={t("rules.editor")}
          aria-describedby="rule-complaints rule-at"
          aria-invalid={wrong.size > 0}
          placeholder={"||ads.example.org^\n@@||good.example.org^"}
          value={text}
          onInput={(event) => {
            onInput(event.currentTarget.value);
            look(event.currentTarget);
          }}
          onSelect={(event) => look(event.currentTarget)}
          onKeyDown={(event) => {
            if (!(event.ctrlKey || event.metaKey) || event.key !== "s") return;
            event.preventDefault();
            onSave();
          }}
        />
      </div>
      <p id="rule-at" class="quiet small">
        {t("rules.at", { line: String(at.value + 1), what: whatOf(lines, at.value, checking) })}
      </p>
    </>
  );
}

function whatOf(lines: readonly string[], at: number, { complaints, does }: Checking): string {
  const line = lines[at]?.trim() ?? "";
  if (line === "") return t("rules.does.empty");
  if (complaints.some((each) => each.line === at)) return t("rules.does.wrong");
  const what = does(line);
  return what ? t(`rules.does.${what}`) : t("rules.does.unknown");
}
