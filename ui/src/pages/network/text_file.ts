// Texts out of files that somebody chooses, such as certificates: what is none is told, not taken.

/** Of a certificate with all that it leads to a hundredth is much. */
export const MOST_BYTES = 1_000_000;

export type Unfit = "too_large" | "no_text";

/** A file's text, or why it has none to take. */
export async function textOf(file: Blob): Promise<{ text: string } | { unfit: Unfit }> {
  if (file.size > MOST_BYTES) return { unfit: "too_large" };
  const bytes = await file.arrayBuffer();
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return text.includes("\0") ? { unfit: "no_text" } : { text };
  } catch {
    return { unfit: "no_text" };
  }
}
