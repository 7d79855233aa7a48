// Who did something, and how he proved who he is.

import { isKey, t, translatedName } from "../words/words";
import { Foreign } from "./foreign";

/** Of "anna (session)", as the server writes it, the name and the kind; "" for no kind. */
export function actorOf(text: string): { readonly name: string; readonly kind: string } {
  const [, name = text, kind = ""] = /^(.*) \((\w+)\)$/s.exec(text) ?? [];
  return { name, kind };
}

/** The name of somebody of that kind; where nobody has an account, it is the machine's. */
export const nameOf = (name: string, kind: string): string =>
  kind === "loopback" ? translatedName(name) : name;

/** The same in words: "anna on the page". */
export function By({ actor, look = "isolated" }: { actor: string; look?: string }) {
  const { name, kind } = actorOf(actor);
  const key = `audit.kind.${kind}`;
  const isSaid = kind === "loopback"; // the name says it
  return (
    <>
      <Foreign text={isKey(key) ? nameOf(name, kind) : actor} look={look} />
      {isKey(key) && !isSaid && ` ${t(key)}`}
    </>
  );
}
