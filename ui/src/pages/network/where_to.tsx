// Where a name goes: asked while it is typed, by what is in force.

import { useSignal } from "@preact/signals";
import { TYPING_MS, useAsked } from "../../parts/asked";
import { Foreign } from "../../parts/foreign";
import { outcomeWord } from "../../parts/outcome";
import { api, type Schemas, told } from "../../server/api";
import { may } from "../../server/reach";
import { T } from "../../words/rich";
import { t } from "../../words/words";

export function WhereTo() {
  const name = useSignal("");
  const wanted = name.value.trim();
  const { found, trouble } = useAsked(
    wanted ? { name: wanted, type: "A", client: "" } : null,
    (body, signal) => told(api.POST("/explain", { body, signal })),
    TYPING_MS,
  );
  if (!may("log:read")) return null;
  return (
    <section class="card" aria-labelledby="where-title">
      <div class="card-head">
        <h2 id="where-title">{t("network.where")}</h2>
      </div>
      <search class="filters">
        <input
          id="where-name"
          type="search"
          spellcheck={false}
          autocapitalize="off"
          maxLength={253}
          aria-label={t("test.name")}
          placeholder="www.example.org"
          value={name.value}
          onInput={(event) => {
            name.value = event.currentTarget.value;
          }}
        />
      </search>
      <p class="error" role="alert">
        {trouble.value}
      </p>
      <p id="where" role="status">
        {found.value && <Way found={found.value} />}
      </p>
    </section>
  );
}

function Way({ found: { via, outcome } }: { found: Schemas["Explained"] }) {
  if (via == null) return <T k="network.where.here" values={{ what: outcomeWord(outcome) }} />;
  if (via === "") return <>{t("network.where.usual")}</>;
  return <T k="network.where.via" values={{ way: <Foreign text={via} look="strong" /> }} />;
}
