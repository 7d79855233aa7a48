import { expect, test } from "vitest";
import { recognisedBy } from "../src/pages/devices/recognised";

test("what a device is recognised by is a MAC, or an address or network", () => {
  expect(recognisedBy("02:00:5e:10:00:01")).toEqual({ macs: ["02:00:5e:10:00:01"] });
  expect(recognisedBy("02-00-5E-10-00-01")).toEqual({ macs: ["02-00-5E-10-00-01"] });
  expect(recognisedBy(" 192.0.2.128/25 ")).toEqual({ addresses: ["192.0.2.128/25"] });
  expect(recognisedBy("2001:db8::1, 02:00:5e:10:00:01 192.0.2.7")).toEqual({
    macs: ["02:00:5e:10:00:01"],
    addresses: ["2001:db8::1", "192.0.2.7"],
  });
});

test("an IPv6 address is no MAC, and nothing is nothing", () => {
  expect(recognisedBy("2001:db8:00:01:02:03:04:05")).toEqual({
    addresses: ["2001:db8:00:01:02:03:04:05"],
  });
  expect(recognisedBy(" , ")).toEqual({});
});
