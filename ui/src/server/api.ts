// Talking to the server by its API, with the types it describes itself by, and the two ways it fails.
// Addresses are relative to the page, as it may stand below a path of a proxy.

import createClient from "openapi-fetch";
import type { components, paths } from "./schema";

export type Schemas = components["schemas"];

const PATIENCE_MS = 15_000;

/** Refusals of the hour: nobody is signed in, it took too long, or too much was asked. */
const PASSING = [401, 408, 429];

/** What is wrong with one of the values that were given. */
export interface ValueProblem {
  readonly key: string;
  readonly text: string;
}

/** The server answered, and said no; `message` is its own text, `code` one word for it, or "". */
export class Refused extends Error {
  constructor(
    message: string,
    readonly code = "",
    readonly problems: readonly ValueProblem[] = [],
    /** What else it said, such as how long to wait. */
    readonly more: Readonly<Record<string, unknown>> = {},
    readonly status = 0,
  ) {
    super(message);
  }

  /** Whether the same answer is to be expected next time. */
  get isFinal(): boolean {
    return this.status >= 400 && this.status < 500 && !PASSING.includes(this.status);
  }
}

/** It wants to know who asks. */
export class Unknown extends Refused {}

/** There was no answer, or none in time. */
export class Unreachable extends Error {}

/** The API: `api.GET("/status")` and so on, to be handed to `told`. Another site's page can't send
 *  the field without asking first, and is then told no. */
export const api = createClient<paths>({
  baseUrl: "api/v1",
  headers: { "X-Requested-With": "sinkhole" },
});
api.use({
  onRequest({ request }) {
    // What changes something has to say that it is JSON, also where it has no body.
    if (request.method === "DELETE") request.headers.set("Content-Type", "application/json");
    return request;
  },
});

/** What the server answered. Throws Unknown, Refused or Unreachable; an AbortError as it is. */
export async function told<T>(
  call: Promise<{ data?: T; error?: unknown; response: Response }>,
): Promise<T> {
  let answer: Awaited<typeof call>;
  try {
    answer = await call;
  } catch (error) {
    if (isAborted(error)) throw error;
    throw new Unreachable(error instanceof Error ? error.message : String(error));
  }
  if (answer.response.ok) return answer.data as T;
  const { detail, code, errors, ...more } = (answer.error ?? {}) as {
    detail?: string;
    code?: string;
    errors?: ValueProblem[];
  };
  const kind = answer.response.status === 401 ? Unknown : Refused;
  const { status } = answer.response;
  throw new kind(detail ?? `HTTP ${status}`, code, errors, more, status);
}

/** The end of patience, or of what was asked for, whichever is first. */
export const within = (signal: AbortSignal): AbortSignal =>
  AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)]);

export const isAborted = (error: unknown): boolean =>
  error instanceof DOMException && error.name === "AbortError";
