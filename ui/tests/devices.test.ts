import { describe, expect, it } from "vitest";
import { dayOf } from "../src/pages/devices/day_of";
import { type Device, ordered, type Row, sought } from "../src/pages/devices/order";

const deviceOf = (name: string, more: Partial<Device> = {}): Device => ({
  id: "192.0.2.7",
  mac: "",
  maker: "",
  random_mac: false,
  name,
  names: [],
  addresses: [],
  first_seen: null,
  last_seen: null,
  queries: 0,
  client: "",
  known_by: "",
  group: "default",
  stands_for_many: "",
  ...more,
});

const names = (rows: readonly Row[]) => rows.map(({ device }) => device.name);

describe("what a device asked in a day", () => {
  const device = deviceOf("tablet", {
    id: "02:00:5e:10:00:01",
    mac: "02:00:5e:10:00:01",
    addresses: [{ address: "192.0.2.7", first_seen: null, last_seen: null, turned_away_by: "" }],
  });
  const counted = { client: "192.0.2.7", device: "", client_name: "", count: 10, blocked: 1 };

  it("is counted by its MAC, and by its addresses before that was known", () => {
    const byMac = { ...counted, device: device.mac, count: 5, blocked: 2 };
    expect(dayOf(device, [counted, byMac])).toEqual({ queries: 15, blocked: 3 });
  });

  it("is not what another had at the address", () => {
    expect(dayOf(device, [{ ...counted, device: "02:00:5e:10:00:02" }]).queries).toBe(0);
  });
});

describe("the order of devices", () => {
  const rows: readonly Row[] = [
    { device: deviceOf("b", { last_seen: 1 }), day: { queries: 10, blocked: 5 } },
    { device: deviceOf("a10", { last_seen: 3, group: "kids" }), day: { queries: 0, blocked: 0 } },
    { device: deviceOf("A9", { last_seen: 2 }), day: { queries: 10, blocked: 1 } },
  ];

  it("is by what was chosen, and then by name", () => {
    expect(names(ordered(rows, { by: "name", isDown: false }))).toEqual(["A9", "a10", "b"]);
    expect(names(ordered(rows, { by: "last", isDown: true }))).toEqual(["a10", "A9", "b"]);
    expect(names(ordered(rows, { by: "queries", isDown: true }))).toEqual(["A9", "b", "a10"]);
    expect(names(ordered(rows, { by: "share", isDown: true }))).toEqual(["b", "A9", "a10"]);
    expect(names(ordered(rows, { by: "group", isDown: true }))).toEqual(["a10", "A9", "b"]);
  });

  it("finds by any text that tells one apart", () => {
    expect(names(sought(rows, " KID"))).toEqual(["a10"]);
    expect(names(sought(rows, "192.0"))).toHaveLength(3);
    expect(names(sought(rows, "nobody"))).toEqual([]);
  });
});
