import "./browser";
import { afterEach, expect, test, vi } from "vitest";

const { eventsOf } = await import("../src/server/events");
const { Unreachable } = await import("../src/server/api");

afterEach(() => {
  vi.useRealTimers();
});

const TEXT = `retry: 3000

: still here

id: 1
event: rows
data: {"rows":[{"name":"a: b"}],"missed":0}

data: first
data: second

event: nothing

id: 2
event: problems
data:{"problems":[]}

`;
const EVENTS = [
  { event: "rows", data: '{"rows":[{"name":"a: b"}],"missed":0}' },
  { event: "message", data: "first\nsecond" },
  { event: "problems", data: '{"problems":[]}' },
];

function streamOf(pieces: readonly string[]): ReadableStream<string> {
  return new ReadableStream({
    start(controller) {
      for (const piece of pieces) controller.enqueue(piece);
      controller.close();
    },
  });
}

async function heard(stream: ReadableStream<string>) {
  const found = [];
  for await (const event of eventsOf(stream)) found.push(event);
  return found;
}

test("events are read from one piece, and from single letters", async () => {
  expect(await heard(streamOf([TEXT]))).toEqual(EVENTS);
  expect(await heard(streamOf([...TEXT]))).toEqual(EVENTS);
});

test("a stream may be cut anywhere", async () => {
  for (let at = 0; at <= TEXT.length; at++) {
    expect(await heard(streamOf([TEXT.slice(0, at), TEXT.slice(at)]))).toEqual(EVENTS);
  }
});

test("what a stream ends in the middle of is no event", async () => {
  expect(await heard(streamOf(["event: rows\ndata: {}\n\nevent: rows\ndata: {"]))).toHaveLength(1);
  expect(await heard(streamOf([]))).toEqual([]);
});

test("a stream that breaks is a server out of reach", async () => {
  const broken = new ReadableStream<string>({
    pull(controller) {
      controller.error(new TypeError("network error"));
    },
  });
  await expect(heard(broken)).rejects.toBeInstanceOf(Unreachable);
});

test("a server that says nothing for too long is out of reach", async () => {
  vi.useFakeTimers();
  const silent = expect(heard(new ReadableStream<string>())).rejects.toBeInstanceOf(Unreachable);
  await vi.advanceTimersByTimeAsync(60_000);
  await silent;
});

test("what somebody has ended is no fault of the server", async () => {
  const ended = new ReadableStream<string>({
    pull(controller) {
      controller.error(new DOMException("", "AbortError"));
    },
  });
  await expect(heard(ended)).rejects.toHaveProperty("name", "AbortError");
});
