import { expect, test } from "vitest";
import "./browser";
import { Refused, told } from "../src/server/api";

const refusal = async (status: number): Promise<Refused> => {
  const response = new Response("{}", { status });
  return told<Refused>(Promise.resolve({ error: {}, response })).catch((error) => error);
};

test("a refusal is final unless it is of the hour, or a fault of the server's", async () => {
  for (const status of [400, 403, 404, 409, 422])
    expect((await refusal(status)).isFinal).toBe(true);
  for (const status of [401, 408, 429, 500, 502, 503])
    expect((await refusal(status)).isFinal).toBe(false);
  expect(new Refused("of the page itself").isFinal).toBe(false);
});
