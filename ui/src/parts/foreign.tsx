// Showing what came from the network: isolated, left to right, with unseen characters written out, so
// that no name can reorder, hide or imitate the text around it.

import { visible } from "../words/format";
import { translated, translatedName } from "../words/words";
import { piecesOf } from "./sentence";

/** A name, rule or address as an element of its own. */
export function Foreign({ text, look = "isolated" }: { text: string; look?: string }) {
  return (
    <bdi dir="ltr" class={look}>
      {visible(text)}
    </bdi>
  );
}

/** A sentence of the server; what it has between backticks, such as commands, as code. */
export function Sentence({ text, look = "isolated" }: { text: string; look?: string }) {
  return (
    <bdi dir="ltr" class={look}>
      {piecesOf(visible(text)).map((piece, index) =>
        // biome-ignore lint/suspicious/noArrayIndexKey: a piece is known by its place alone
        index % 2 ? <code key={index}>{piece}</code> : piece,
      )}
    </bdi>
  );
}

/** It in the reader's language, as far as somebody has said it there. */
export const Translated = ({ text, look = "isolated" }: { text: string; look?: string }) => (
  <Sentence text={translated(text)} look={look} />
);

/** What the server calls a list: a name that somebody gave, or what stands for one. */
export const ListName = ({ text, look = "isolated" }: { text: string; look?: string }) => (
  <Foreign text={translatedName(text)} look={look} />
);

/** A name as it is stored, and beside it how it is read, where that differs. */
export function Named({ name, read = "" }: { name: string; read?: string | undefined }) {
  if (!read) return <Foreign text={name} look="name" />;
  return (
    <>
      <Foreign text={name} look="name" /> <Foreign text={read} look="read" />
    </>
  );
}

/** Who asked: what it is called, and quietly the address it asked from; that alone without a name. */
export function Client({ name, address }: { name: string; address: string }) {
  if (!name) return <Foreign text={address} look="name" />;
  return (
    <>
      <Foreign text={name} look="called" /> <Foreign text={address} look="read" />
    </>
  );
}

/** Several, with commas between them. */
export function Listed({ texts }: { texts: readonly string[] }) {
  return (
    <>
      {texts.map((text, index) => (
        <span key={text}>
          {index > 0 && ", "}
          <Foreign text={text} />
        </span>
      ))}
    </>
  );
}
