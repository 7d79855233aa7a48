// Talking to the server: one function to read, one to change, and the two ways they fail.
// Paths are relative to the page, as it may stand below a path of a proxy: "api/stats".

const PATIENCE_MS = 15_000;

/** The server answered, and said no; `message` is its own text, `code` one word for it, or "". */
export class Refused extends Error {
  constructor(message, code = "") {
    super(message);
    this.code = code;
  }
}

/** It wants to know who asks. */
export class Unknown extends Refused {}

/** There was no answer, or none in time. */
export class Unreachable extends Error {}

async function call(path, options) {
  try {
    // Another site's page can't send this field without asking first, and is then told no.
    const headers = { "X-Requested-With": "sinkhole", ...options.headers };
    const response = await fetch(path, { ...options, headers });
    const text = await response.text();
    if (response.ok) return JSON.parse(text);
    const { detail, error, code } = problemIn(text);
    const reason = detail ?? error ?? `the server answered ${response.status}`;
    throw new (response.status === 401 ? Unknown : Refused)(reason, code);
  } catch (error) {
    if (error instanceof Refused || error.name === "AbortError") throw error;
    throw new Unreachable(error.message);
  }
}

function problemIn(text) {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

/** GET with the parameters that are not empty; an AbortError when `signal` says so. */
export function read(path, parameters = {}, signal = new AbortController().signal) {
  const given = Object.entries(parameters).filter(([, value]) => value);
  const query = new URLSearchParams(given).toString();
  const limit = AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)]);
  return call(query ? `${path}?${query}` : path, { signal: limit });
}

/** POST with options; may take as long as it takes. */
export function change(path, options = {}) {
  const headers = { "Content-Type": "application/json" };
  return call(path, { method: "POST", headers, body: JSON.stringify(options) });
}
