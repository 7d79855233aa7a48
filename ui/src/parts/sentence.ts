// Sentences of the server in pieces: it writes commands between backticks.

/** What stands outside of backticks and within them, in turn; a text without pairs of them is whole. */
export function piecesOf(text: string): readonly string[] {
  const pieces = text.split("`");
  return pieces.length % 2 ? pieces : [text];
}
