// Names that lead somewhere of their own: what they stand for, and the zones of addresses asked for
// backwards.

/** What a route's name stands for. */
export type Reach = "unqualified" | "below" | "backwards" | "name";

export function reachOf(name: string): Reach {
  if (name === "unqualified") return "unqualified";
  if (/\.(in-addr|ip6)\.arpa\.?$/i.test(name)) return "backwards";
  return name.startsWith("*.") ? "below" : "name";
}

/** The zone in which the addresses of a home's network are asked for backwards, which begin as this
 *  one does: a home has 256 of IPv4 (/24), and a /64 of IPv6. "" for what is no address. */
export function reverseZone(address: string): string {
  const text = address.trim();
  if (/^\d{1,3}(\.\d{1,3}){3}$/.test(text)) {
    const parts = text.split(".");
    if (parts.some((each) => Number(each) > 255)) return "";
    return `${parts.slice(0, 3).map(Number).reverse().join(".")}.in-addr.arpa`;
  }
  const groups = groupsOf(text.replace(/%.*$/, ""));
  if (!groups) return "";
  const digits = groups.slice(0, 4).map((each) => each.padStart(4, "0"));
  return `${[...digits.join("")].reverse().join(".")}.ip6.arpa`;
}

/** The eight groups of an IPv6 address, without what "::" leaves out. */
function groupsOf(text: string): string[] | null {
  const halves = text.split("::");
  if (!text.includes(":") || halves.length > 2) return null;
  const [front = [], back = []] = halves.map((half) => half.split(":").filter(Boolean));
  const missing = 8 - front.length - back.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return null;
  const groups = [...front, ...Array<string>(missing).fill("0"), ...back];
  return groups.every((each) => /^[0-9a-f]{1,4}$/i.test(each))
    ? groups.map((each) => each.toLowerCase())
    : null;
}
