// What the pages of the network read and write: servers, records, zones, drafts, links, codes.

import { describe, expect, it } from "vitest";
import { type Change, itemsOf, type Setting } from "../src/pages/network/drafts";
import { isPlain, moved, nameOf, patienceOf, urlOf } from "../src/pages/network/entries";
import { isReachable, profileLink } from "../src/pages/network/profile_link";
import { askedFor, recordOf, rowOf, typeAsked } from "../src/pages/network/records";
import { reachOf, reverseZone } from "../src/pages/network/zones";
import { pathOf } from "../src/parts/qr_path";

describe("servers", () => {
  it("are an address, or one with a patience of its own", () => {
    const patient = { url: "tls://dns.example.org", timeout: "5s" };
    expect([urlOf("192.0.2.1"), urlOf(patient)]).toEqual(["192.0.2.1", "tls://dns.example.org"]);
    expect([patienceOf("192.0.2.1"), patienceOf(patient)]).toEqual(["", "5s"]);
  });

  it("are called without pins and addresses", () => {
    expect(nameOf("tls://192.0.2.1?pin=c2hh&address=192.0.2.2#dns.example.org")).toBe(
      "tls://192.0.2.1#dns.example.org",
    );
  });

  it("say whether others can read along", () => {
    expect(["192.0.2.1", "udp://dns.example.org", " TCP://192.0.2.1"].every(isPlain)).toBe(true);
    expect(["tls://192.0.2.1", "https://x", "quic://x", "sdns://AgA"].some(isPlain)).toBe(false);
  });

  it("move, and not beyond the ends", () => {
    expect(moved(["a", "b", "c"], 0, 1)).toEqual(["b", "a", "c"]);
    expect(moved(["a", "b", "c"], 2, -1)).toEqual(["a", "c", "b"]);
    expect(moved(["a", "b"], 0, -1)).toEqual(["a", "b"]);
    expect(moved(["a", "b"], 1, 1)).toEqual(["a", "b"]);
  });
});

describe("records", () => {
  it.each([
    ["192.0.2.10", { type: "ADDRESS", data: "192.0.2.10" }],
    ["CNAME nas.home", { type: "CNAME", data: "nas.home" }],
    ["mx 10 mail.home", { type: "MX", data: "10 mail.home" }],
    ['TXT "two  words"', { type: "TXT", data: '"two  words"' }],
    ["not a record", { type: "ADDRESS", data: "not a record" }],
  ])("%s is read", (record, row) => {
    expect(rowOf(record)).toEqual(row);
  });

  it("are written as they are read", () => {
    for (const record of ["192.0.2.10", "2001:db8::10", "SRV 0 5 5060 phone.home"]) {
      expect(recordOf(rowOf(record))).toBe(record);
    }
  });

  it("are asked for by their type, and wildcards by a name below them", () => {
    expect(["192.0.2.1", "2001:db8::1", "TXT x"].map(typeAsked)).toEqual(["A", "AAAA", "TXT"]);
    expect([askedFor("nas.home"), askedFor("*.nas.home")]).toEqual(["nas.home", "www.nas.home"]);
  });
});

describe("zones", () => {
  it.each([
    ["192.168.1.254", "1.168.192.in-addr.arpa"],
    [" 10.0.0.1 ", "0.0.10.in-addr.arpa"],
    ["2001:db8:1:2::1", "2.0.0.0.1.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa"],
    ["fe80::1%eth0", "0.0.0.0.0.0.0.0.0.0.0.0.0.8.e.f.ip6.arpa"],
    ["2001:db8:0:0:0:0:0:1", "0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa"],
    ...["", "router", "192.0.2", "192.0.2.256", "1::2::3", "1:2:3", "g::1"].map((each) => [
      each,
      "",
    ]),
  ])("of %s", (address, zone) => {
    expect(reverseZone(address as string)).toBe(zone);
  });

  it("say what a route stands for", () => {
    const names = ["corp.example", "*.lab.example", "unqualified", "2.0.192.in-addr.arpa"];
    expect(names.map(reachOf)).toEqual(["name", "below", "unqualified", "backwards"]);
  });
});

describe("drafts", () => {
  const setting = {
    key: "local.records",
    items: [
      { name: "a.home", value: ["192.0.2.1"] },
      { name: "b.home", value: ["192.0.2.2"] },
    ],
  } as unknown as Setting;
  const change = (item: string, value: unknown, action: Change["action"] = "set"): Change => ({
    key: "local.records",
    item,
    action,
    value,
  });

  it("change, remove and add items in their places", () => {
    const changes = [
      change("c.home", ["192.0.2.3"]),
      change("a.home", null, "remove"),
      change("b.home", ["192.0.2.9"]),
      { ...change("d.home", []), key: "upstream.routes" },
    ];
    expect(itemsOf(setting, changes)).toEqual([
      { name: "b.home", value: ["192.0.2.9"], isNew: false },
      { name: "c.home", value: ["192.0.2.3"], isNew: true },
    ]);
    expect(itemsOf(undefined, changes)).toEqual([]);
  });
});

describe("profiles", () => {
  const wanted = { name: "dns.example.org", client_id: "tablet" };

  it("are below the page's address, whatever path a proxy has", () => {
    expect(profileLink("https://home.example.org/dns/#/connect", wanted, "https")).toBe(
      "https://home.example.org/dns/profile.mobileconfig?name=dns.example.org&client_id=tablet&protocol=https",
    );
  });

  it("can't be reached by phones where this machine alone can", () => {
    const from = (base: string) => isReachable(profileLink(base, wanted, "tls"));
    expect(from("http://192.0.2.2:8080/")).toBe(true);
    expect(
      ["localhost", "127.0.0.1", "[::1]", "a.localhost"]
        .map((host) => `http://${host}/`)
        .some(from),
    ).toBe(false);
  });
});

describe("codes", () => {
  it("are one path, a stroke for each run, with light around", () => {
    expect(
      pathOf([
        [true, true, false],
        [false, false, true],
      ]),
    ).toBe("M0 0h2v1h-2zM2 1h1v1h-1z");
  });
});
