// What modules expect of a browser when they begin, for tests without one.

import { vi } from "vitest";

const target = () => new EventTarget();

export const browser = Object.assign(target(), {
  innerHeight: 900,
  setTimeout: (work: () => void, ms: number) => setTimeout(work, ms),
});

vi.stubGlobal("window", browser);
vi.stubGlobal("location", { hash: "", protocol: "http:", hostname: "localhost" });
vi.stubGlobal("document", Object.assign(target(), { hidden: false, documentElement: {} }));
vi.stubGlobal("navigator", { languages: ["en-GB"] });
vi.stubGlobal("scrollY", 0);
vi.stubGlobal("innerHeight", 900);
