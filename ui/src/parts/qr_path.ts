// The squares of a QR code as one path to draw.

/** One path of all that is dark, a stroke for each run of squares in a row. */
export function pathOf(rows: readonly (readonly boolean[])[]): string {
  const runs: string[] = [];
  rows.forEach((row, y) => {
    let begun = -1;
    for (let x = 0; x <= row.length; x++) {
      if (row[x] && begun < 0) begun = x;
      if (!row[x] && begun >= 0) {
        runs.push(`M${begun} ${y}h${x - begun}v1h${begun - x}z`);
        begun = -1;
      }
    }
  });
  return runs.join("");
}
