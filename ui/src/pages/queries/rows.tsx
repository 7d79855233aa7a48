// Rows of the log as a table; on a small screen each is a card.

import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { Client, Foreign, Named } from "../../parts/foreign";
import { type Piece, useWindowed, WHOLE } from "../../parts/windowed";
import { clock, duration } from "../../words/format";
import { t } from "../../words/words";
import type { Row } from "./filter";
import { Happened, tone, transport } from "./happened";

const COLUMNS = ["time", "client", "name", "type", "what", "took"] as const;
type Towards = "previousElementSibling" | "nextElementSibling";

/** Arrow keys lead to the row above and below. */
const SIBLINGS: Readonly<Record<string, Towards>> = {
  ArrowUp: "previousElementSibling",
  ArrowDown: "nextElementSibling",
};

interface Given {
  readonly rows: readonly Row[];
  /** Shows all about a row; without it, rows are only read. */
  readonly onOpen?: (row: Row) => void;
}

export function Rows({ rows, onOpen }: Given) {
  const body = useRef<HTMLTableSectionElement>(null);
  const focused = useSignal("");
  const keys = rows.map(({ id }) => id);
  const pieces = useWindowed(keys, body, focused.value);
  const isWindow = rows.length > WHOLE;
  return (
    <table
      id="queries"
      class="queries"
      role="table"
      hidden={rows.length === 0}
      aria-rowcount={isWindow ? rows.length + 1 : undefined}
    >
      <thead role="rowgroup">
        <tr role="row" aria-rowindex={isWindow ? 1 : undefined}>
          {COLUMNS.map((each) => (
            <th
              key={each}
              role="columnheader"
              scope="col"
              class={each === "took" ? "number" : undefined}
            >
              {t(`queries.column.${each}`)}
            </th>
          ))}
        </tr>
      </thead>
      <tbody
        role="rowgroup"
        ref={body}
        onFocusIn={(event) => {
          focused.value = rowOf(event.target)?.dataset.key ?? "";
        }}
        onFocusOut={() => {
          focused.value = "";
        }}
        onKeyDown={(event) => {
          const towards = SIBLINGS[event.key];
          const row = rowOf(event.target);
          if (!towards || !row) return;
          event.preventDefault();
          goOn(row, towards);
        }}
      >
        {pieces.flatMap((piece) =>
          piece.room === undefined
            ? rows
                .slice(piece.from, piece.to)
                .map((row, place) => (
                  <RowOf
                    key={row.id}
                    row={row}
                    {...(isWindow && { index: piece.from + place + 2 })}
                    {...(onOpen && { onOpen })}
                  />
                ))
            : [<Room key={`room ${piece.from === 0 ? "above" : piece.to}`} piece={piece} />],
        )}
      </tbody>
    </table>
  );
}

const rowOf = (target: EventTarget | null): HTMLElement | null =>
  (target as HTMLElement | null)?.closest("tr") ?? null;

/** To the row above or below; where nobody saw that, what is around comes back first. */
function goOn(row: Element, towards: Towards): void {
  const next = row[towards];
  if (!next || isRow(next)) {
    goTo(next ?? row);
    return;
  }
  show(row);
  requestAnimationFrame(() =>
    requestAnimationFrame(() => {
      const there = row[towards];
      if (there && isRow(there)) goTo(there);
    }),
  );
}

function goTo(row: Element): void {
  row.querySelector("button")?.focus({ preventScroll: true });
  show(row);
}

/** At once, so that who holds a key down is not ahead of what is there. */
const show = (row: Element): void => row.scrollIntoView({ block: "nearest", behavior: "instant" });

const isRow = (element: Element): boolean => element.querySelector("button") !== null;

/** Where rows would be that nobody sees. */
function Room({ piece: { room = 0 } }: { piece: Piece }) {
  return (
    <tr class="room">
      <td aria-hidden="true" colSpan={COLUMNS.length} style={{ height: `${room}px` }} />
    </tr>
  );
}

interface RowGiven {
  readonly row: Row;
  /** Which row of the table it is, where not all of them are there. */
  readonly index?: number;
  readonly onOpen?: (row: Row) => void;
}

function RowOf({ row, index, onOpen }: RowGiven) {
  const name = row.name_unicode === row.name ? "" : row.name_unicode;
  // None where it was not read, as of who may not ask, or is not kept: it can be opened all the same.
  const shown = row.name ? <Named name={row.name} read={name} /> : t("queries.no_name");
  return (
    <tr role="row" class={tone(row)} data-key={row.id} aria-rowindex={index}>
      <td role="cell" class="time">
        <time dateTime={new Date(row.time * 1000).toISOString()}>{clock(row.time)}</time>
      </td>
      <td role="cell" class="client">
        <Client name={row.client_name} address={row.client} />
      </td>
      <td role="cell" class="asked">
        {onOpen ? (
          <button type="button" class="link" onClick={() => onOpen(row)}>
            {shown}
          </button>
        ) : (
          shown
        )}
      </td>
      <td role="cell" class="type">
        <Foreign text={row.type} look="name" />
        {row.transport !== "udp" &&
          ` ${t("queries.over", { transport: transport(row.transport) })}`}
      </td>
      <td role="cell" class="happened">
        <span class="mark" aria-hidden="true" />
        <span>
          <Happened row={row} />
        </span>
      </td>
      <td role="cell" class="took number">
        {duration(row.duration_ms)}
      </td>
    </tr>
  );
}
