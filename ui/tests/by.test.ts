import "./browser";
import { expect, test } from "vitest";

const { actorOf, nameOf } = await import("../src/parts/by");

test("who it was is told from how he proved it", () => {
  expect(actorOf("anna (session)")).toEqual({ name: "anna", kind: "session" });
  expect(actorOf("anna (at home) (token)")).toEqual({ name: "anna (at home)", kind: "token" });
  expect(actorOf("anna")).toEqual({ name: "anna", kind: "" });
});

test("a name that somebody gave stays as it is", () => {
  expect(nameOf("this machine", "session")).toBe("this machine");
});
