import { describe, expect, it } from "vitest";
import { changesOf, linesOf, merged, placeOf, repeated } from "../src/pages/rules/changes";
import { adopt, base, draft, isUnsaved } from "../src/pages/rules/draft";
import { pieces } from "../src/pages/rules/syntax";

const parts = (line: string) => pieces(line).map(({ part, text }) => `${part}:${text}`);

describe("the parts of a rule", () => {
  it("together are the line", () => {
    for (const line of [
      "||example.org^$client='Kids tablet'|~192.0.2.7,important",
      "@@||good.example^ # mine",
      "/^ads[0-9]+\\./$dnstype=A",
      "0.0.0.0 a.example b.example",
      "  $$ ^^ | [",
      "! comment",
      "address=/example.org/#",
      "||a.example^$dnsrewrite=NOERROR;TXT;a$b",
    ]) {
      expect(
        pieces(line)
          .map(({ text }) => text)
          .join(""),
      ).toBe(line);
    }
  });

  it("are told apart", () => {
    expect(parts("@@||a.example^$important")).toEqual([
      "allow:@@",
      "sign:||",
      "name:a.example",
      "sign:^",
      "sign:$",
      "modifier:important",
    ]);
    expect(parts("0.0.0.0 a.example # mine")).toEqual([
      "address:0.0.0.0",
      "name: ",
      "name:a.example",
      "comment: # mine",
    ]);
    expect(parts("/ads/")).toEqual(["expression:/ads/"]);
    expect(parts("# all of it")).toEqual(["comment:# all of it"]);
  });
});

describe("what somebody changes", () => {
  it("is what came and went, whatever the order", () => {
    expect(changesOf(["a", "b"], "b\n\n c \nc\n")).toEqual({ add: ["c"], remove: ["a"] });
    expect(changesOf(["a", "b"], "b\na")).toEqual({ add: [], remove: [] });
    expect(changesOf([], "! a list\n# as hosts files\n#\nc\n##.ad").add).toEqual(["c", "##.ad"]);
  });

  it("keeps what others change meanwhile", () => {
    expect(merged(["a", "b"], ["b", "c"], "a\nb\nmine\n")).toBe("b\nmine\nc\n");
    expect(merged(["a"], ["a"], "mine")).toBe("mine");
    expect(merged(["a"], ["a", "mine"], "a\nmine\n")).toBe("a\nmine\n");
  });

  it("is found again by its line", () => {
    expect(placeOf("one\ntwo\nthree", 1)).toEqual([4, 7]);
    expect([...repeated(linesOf("a\n\nb\n a\n\n"))]).toEqual([3]);
  });
});

it("a draft is unsaved while it differs from what is saved", () => {
  adopt(["||a.example^"]);
  expect(isUnsaved()).toBe(false);
  draft.value = "||a.example^\n||b.example^\n";
  expect(isUnsaved()).toBe(true);
  adopt(["||a.example^", "||b.example^"]);
  expect(isUnsaved()).toBe(false);
  draft.value = null;
  expect(base.value).toHaveLength(2);
});
