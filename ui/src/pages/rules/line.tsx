// A rule in colours.

import { Component } from "preact";
import { visible } from "../../words/format";
import { pieces } from "./syntax";

/** One that stands by itself, isolated from the text around it. */
export function Coloured({ text }: { text: string }) {
  return (
    <bdi dir="ltr" class="rule">
      <Pieces text={visible(text)} />
    </bdi>
  );
}

interface LineGiven {
  readonly text: string;
  readonly isWrong: boolean;
}

/** One in the editor, drawn again only when it is another: there may be thousands. */
export class Line extends Component<LineGiven> {
  override shouldComponentUpdate(next: LineGiven): boolean {
    return next.text !== this.props.text || next.isWrong !== this.props.isWrong;
  }

  override render({ text, isWrong }: LineGiven) {
    return (
      <div class={isWrong ? "line wrong" : "line"}>
        <span class="text">
          <Pieces text={text} />
        </span>
      </div>
    );
  }
}

function Pieces({ text }: { text: string }) {
  return (
    <>
      {pieces(text).map((piece, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: pieces have nothing but their place
        <span key={index} class={`part-${piece.part}`}>
          {piece.text}
        </span>
      ))}
    </>
  );
}
