import { expect, test } from "vitest";
import "./browser";
import { pageOf } from "../src/pages/nodes/state";
import type { Node } from "../src/server/nodes";

const at = (web: string) => ({ own: false, web }) as Node;

test("the page of another node is a link where it is one", () => {
  expect(pageOf(at("http://192.0.2.7:8080"), "192.0.2.1")).toBe("http://192.0.2.7:8080");
  expect(pageOf(at("https://attic.example"), "192.0.2.1")).toBe("https://attic.example");
});

test("what a node calls its page is no program", () => {
  expect(pageOf(at("javascript:alert(1)"), "192.0.2.1")).toBe("");
  expect(pageOf(at("data:text/html,<script>alert(1)</script>"), "192.0.2.1")).toBe("");
  expect(pageOf(at("nowhere"), "192.0.2.1")).toBe("");
});
