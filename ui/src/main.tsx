// The page begins: in the reader's language, for whoever the server says it is.

import { render } from "preact";
import { Frame } from "./frame";
import { colour } from "./parts/scheme";
import { attempt, enter } from "./server/reach";
import "./style.css";
import { greet } from "./words/words";

const AGAIN_MS = 5_000;

async function begin(): Promise<void> {
  colour();
  await greet();
  render(<Frame />, document.getElementById("page") as HTMLElement);
  await arrive();
}

async function arrive(): Promise<void> {
  let isThere = false;
  await attempt("enter", async () => {
    await enter();
    isThere = true;
  });
  if (!isThere) setTimeout(arrive, AGAIN_MS);
}

begin();
