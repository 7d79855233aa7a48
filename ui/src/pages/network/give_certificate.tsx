// Giving the server a certificate with its key, as texts or out of files; the key is never shown again.

import { useSignal } from "@preact/signals";
import { Trouble, useDeed } from "../../parts/deed";
import { Foreign, Listed } from "../../parts/foreign";
import { isLoopback } from "../../parts/loopback";
import { api, type Schemas, told } from "../../server/api";
import { date } from "../../words/format";
import { T } from "../../words/rich";
import { t } from "../../words/words";
import { textOf, type Unfit } from "./text_file";

const FILES = ".pem,.crt,.cer,.key,.txt";

export function GiveCertificate({ onGiven }: { onGiven: () => void }) {
  const chain = useSignal("");
  const key = useSignal("");
  const kept = useSignal<Schemas["KeptCertificate"] | null>(null);
  const deed = useDeed();
  async function give(event: Event): Promise<void> {
    event.preventDefault();
    kept.value = null;
    const body = { chain: chain.value, key: key.value };
    const isDone = await deed.run(async () => {
      kept.value = await told(api.PUT("/listeners/certificate", { body }));
    });
    if (!isDone) return;
    chain.value = "";
    key.value = "";
    onGiven();
  }
  const isEmpty = chain.value.trim() === "" || key.value.trim() === "";
  return (
    <details class="well-known" id="give-certificate">
      <summary>{t("network.give")}</summary>
      <form class="handing" onSubmit={give} aria-label={t("network.give")}>
        <p class="quiet">{t("network.give.help")}</p>
        {isReadable() && <p class="notice">{t("network.give.readable")}</p>}
        <Part
          label={t("network.give.chain")}
          fromFile={t("network.give.chain_file")}
          text={chain.value}
          onText={(text) => {
            chain.value = text;
          }}
        />
        <Part
          label={t("network.give.key")}
          fromFile={t("network.give.key_file")}
          text={key.value}
          onText={(text) => {
            key.value = text;
          }}
        />
        <Trouble deed={deed} />
        <button type="submit" class="main" disabled={isEmpty || deed.isBusy.value}>
          {t("network.give.use")}
        </button>
      </form>
      <div role="status">
        {kept.value && (
          <p>
            <T
              k="network.given"
              values={{
                names: <Listed key="names" texts={kept.value.names} />,
                until: date(kept.value.expires),
              }}
            />
          </p>
        )}
      </div>
    </details>
  );
}

/** Whether others on the way could read along. */
const isReadable = (): boolean =>
  location.protocol === "http:" && !isLoopback(location.hostname.replace(/^\[|\]$/g, ""));

interface PartGiven {
  readonly label: string;
  readonly fromFile: string;
  readonly text: string;
  readonly onText: (text: string) => void;
}

function Part({ label, fromFile, text, onText }: PartGiven) {
  const unfit = useSignal<{ readonly why: Unfit; readonly file: string } | null>(null);
  const read = async (input: HTMLInputElement) => {
    const file = input.files?.[0];
    if (!file) return;
    const found = await textOf(file);
    unfit.value = "unfit" in found ? { why: found.unfit, file: file.name } : null;
    if ("text" in found) onText(found.text);
    input.value = "";
  };
  return (
    <div class="part">
      <label>
        {label}
        <textarea
          rows={4}
          spellcheck={false}
          autocomplete="off"
          placeholder="-----BEGIN …"
          value={text}
          onInput={(event) => onText(event.currentTarget.value)}
        />
      </label>
      <label class="quiet small">
        {fromFile}{" "}
        <input type="file" accept={FILES} onChange={(event) => read(event.currentTarget)} />
      </label>
      {unfit.value && (
        <p class="error" role="alert">
          <T
            k={`network.give.${unfit.value.why}`}
            values={{ file: <Foreign key="file" text={unfit.value.file} /> }}
          />
        </p>
      )}
    </div>
  );
}
