// Which of several sinkholes is meant, where there are several.

import { visible } from "../words/format";
import { t } from "../words/words";

interface Given {
  readonly names: readonly string[];
  /** The one that is meant, "" for all. */
  readonly value: string;
  readonly onChoose: (name: string) => void;
}

export function NodeChooser({ names, value, onChoose }: Given) {
  if (names.length === 0 && value === "") return null;
  const all = names.includes(value) || value === "" ? names : [...names, value];
  return (
    <select
      id="choose-node"
      aria-label={t("nodes.choose")}
      value={value}
      onChange={(event) => onChoose(event.currentTarget.value)}
    >
      <option value="">{t("nodes.all")}</option>
      {all.map((name) => (
        <option key={name} value={name}>
          {visible(name)}
        </option>
      ))}
    </select>
  );
}
