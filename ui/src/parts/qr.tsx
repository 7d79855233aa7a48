// A text as a code that phones read with their camera: dark on light, whatever the colours of the page.

import { useMemo } from "preact/hooks";
import encodeQR from "qr";
import { pathOf } from "./qr_path";

/** Squares around it that have to stay light, for cameras to find it. */
const BORDER = 4;

export function Qr({ text, label }: { text: string; label: string }) {
  const rows = useMemo(() => encodeQR(text, "raw", { ecc: "medium", border: BORDER }), [text]);
  return (
    <svg class="qr" viewBox={`0 0 ${rows.length} ${rows.length}`} role="img" aria-label={label}>
      <rect width={rows.length} height={rows.length} fill="#fff" />
      <path d={pathOf(rows)} fill="#000" />
    </svg>
  );
}
