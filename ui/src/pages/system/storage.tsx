// What takes room on the disk, the most first, and what is free.

import { Foreign } from "../../parts/foreign";
import { api, told } from "../../server/api";
import { usePolled } from "../../server/polled";
import { size, wholePercent } from "../../words/format";
import { t } from "../../words/words";

const EVERY_MS = 60_000;
const SCARCE = 0.05;

export function Storage() {
  const read = (signal: AbortSignal) => told(api.GET("/storage", { signal }));
  const stored = usePolled("storage", read, EVERY_MS).last.value;
  const parts = [...(stored?.parts ?? [])].sort((one, other) => other.size_bytes - one.size_bytes);
  const most = parts[0]?.size_bytes || 1;
  return (
    <section class="card board" aria-labelledby="storage-title">
      <h2 id="storage-title">{t("system.storage")}</h2>
      {stored && (
        <>
          <ol>
            {parts.map(({ part, size_bytes }) => (
              <li key={part}>
                <span class="bar" style={{ "--share": size_bytes / most }} />
                <span class="what">{t(`system.part.${part}`)}</span>
                <span class="number">{size(size_bytes)}</span>
              </li>
            ))}
          </ol>
          <dl class="facts">
            <dt>{t("system.free")}</dt>
            <dd>
              {t("system.free_of", {
                free: size(stored.free_bytes),
                all: size(stored.disk_bytes),
                share: wholePercent((100 * stored.free_bytes) / (stored.disk_bytes || 1)),
              })}
            </dd>
            <dt>{t("system.folder")}</dt>
            <dd>
              <Foreign text={stored.folder} look="rule" />
            </dd>
          </dl>
          {stored.free_bytes < SCARCE * stored.disk_bytes && (
            <p class="error">{t("system.scarce")}</p>
          )}
        </>
      )}
    </section>
  );
}
