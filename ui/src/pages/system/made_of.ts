// The packages of others that are in the page itself; `tests/made_of.test.ts` holds it to what is
// installed.

import { dependencies } from "../../../package.json";

/** Vite builds it, and is not in it. */
const { vite: _, ...inIt } = dependencies;

/** What each of them says of its licence. */
export const LICENCES: Readonly<Record<string, string>> = {
  "@preact/signals": "MIT",
  "openapi-fetch": "MIT",
  preact: "MIT",
  qr: "(MIT OR Apache-2.0)",
  uplot: "MIT",
};

export const OF_THE_PAGE = Object.entries(inIt).map(([name, version]) => ({
  name,
  version,
  licence: LICENCES[name] ?? "",
}));
