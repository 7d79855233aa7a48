// The devices as a table, sorted by a click on a column; on a small screen each is a card.

import { type Signal, useSignal } from "@preact/signals";
import { addressOf } from "../../address";
import { Foreign, Listed, Translated } from "../../parts/foreign";
import { may } from "../../server/reach";
import { ago, count, date, percent } from "../../words/format";
import { t } from "../../words/words";
import { Naming } from "./naming";
import {
  type Column,
  calledOf,
  type Device,
  groupShown,
  type Order,
  ordered,
  type Row,
  shareOf,
  startsDown,
} from "./order";

interface Given {
  readonly rows: readonly Row[];
  readonly onNamed: () => void;
}

export function Table({ rows, onNamed }: Given) {
  const order = useSignal<Order>({ by: "last", isDown: true });
  const named = useSignal<string | null>(null);
  const isCounted = rows.some(({ day }) => day !== undefined);
  const columns: readonly Column[] = isCounted
    ? ["name", "group", "queries", "share", "last"]
    : ["name", "group", "last"];
  return (
    <table id="devices" class="roster">
      <thead>
        <tr>
          {columns.map((each) => (
            <Head key={each} column={each} order={order} />
          ))}
          {may("settings:write") && (
            <td>
              <span class="unseen">{t("devices.name_it")}</span>
            </td>
          )}
        </tr>
      </thead>
      <tbody>
        {ordered(rows, order.value).map(({ device, day }) => (
          <tr key={device.id}>
            <td>
              <About device={device} />
            </td>
            <td class="group">
              {groupShown(device) && (
                <span class="tag">
                  <Foreign text={groupShown(device)} />
                </span>
              )}
            </td>
            {isCounted && (
              <>
                <td class="number">
                  <a href={addressOf("queries", { client: logOf(device) })}>
                    {count(day?.queries ?? 0)}
                    <span class="worded">
                      {" "}
                      {t("amount.in_a_day", { count: day?.queries ?? 0 })}
                    </span>
                  </a>
                </td>
                <td class="number">
                  {shareOf(day) < 0 ? "–" : percent(shareOf(day))}
                  <span class="worded"> {t("devices.blocked")}</span>
                </td>
              </>
            )}
            <td class="seen">{device.last_seen != null && <Seen device={device} />}</td>
            {may("settings:write") && (
              <td class="naming-cell">
                <Naming
                  device={device}
                  isOpen={named.value === device.id}
                  onOpen={(isOpen) => {
                    named.value = isOpen ? device.id : null;
                  }}
                  onNamed={onNamed}
                />
              </td>
            )}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Head({ column, order }: { column: Column; order: Signal<Order> }) {
  const { by, isDown } = order.value;
  const isIt = by === column;
  const isNumber = column === "queries" || column === "share";
  return (
    <th
      scope="col"
      class={isNumber ? "number" : undefined}
      aria-sort={isIt ? (isDown ? "descending" : "ascending") : undefined}
    >
      <button
        type="button"
        class="link"
        onClick={() => {
          order.value = { by: column, isDown: isIt ? !isDown : startsDown(column) };
        }}
      >
        {t(`devices.column.${column}`)}
        <span aria-hidden="true">{isIt ? (isDown ? " ▾" : " ▴") : ""}</span>
      </button>
    </th>
  );
}

const logOf = ({ client, mac, id }: Device): string => client || mac || id;

function Seen({ device: { first_seen, last_seen } }: { device: Device }) {
  const first = first_seen == null ? "" : t("devices.first_seen", { when: date(first_seen) });
  return (
    <span title={first}>
      <span class="worded">{t("devices.last_seen", { when: "" })}</span>
      {last_seen != null && ago(last_seen)}
    </span>
  );
}

/** What it is called, and everything that tells it apart from others, each once. */
function About({ device }: { device: Device }) {
  const { client, name, id, maker, mac, names, addresses, stands_for_many } = device;
  const called = calledOf(device);
  const others = [...new Set(names.flatMap((each) => each.names))];
  const facts = [maker, mac, ...others].filter((each) => each !== "" && each !== called);
  const places = addresses.map(({ address }) => address).filter((each) => each !== called);
  return (
    <div class="about">
      <p>
        <a class="link" href={addressOf("device", {}, client || id)}>
          <Foreign text={called} look="isolated strong" />
        </a>
        {!client && <span class="quiet"> {t(name ? "devices.found" : "devices.unnamed")}</span>}
      </p>
      {places.length > 0 && (
        <p class="quiet">
          <Listed texts={places} />
        </p>
      )}
      {facts.length > 0 && (
        <p class="quiet">
          <Listed texts={facts} />
        </p>
      )}
      {maker === "" && device.random_mac && <p class="quiet">{t("devices.random_mac")}</p>}
      {stands_for_many && (
        <p class="error">
          <Translated text={stands_for_many} />
        </p>
      )}
    </div>
  );
}
