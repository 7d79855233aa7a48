// Records of local names as the settings write them: an address alone, or a type with its data.

/** What a record may be; an address needs no word. */
export const TYPES = ["ADDRESS", "CNAME", "MX", "TXT", "SRV", "PTR", "HTTPS", "SVCB"] as const;
export type Type = (typeof TYPES)[number];

export interface Row {
  readonly type: Type;
  readonly data: string;
}

/** One that says nothing yet. */
export const EMPTY: Row = { type: "ADDRESS", data: "" };

/** What its data looks like. */
export const EXAMPLES: Readonly<Record<Type, string>> = {
  ADDRESS: "192.0.2.10",
  CNAME: "nas.home",
  MX: "10 mail.home",
  TXT: '"v=spf1 -all"',
  SRV: "0 5 5060 phone.home",
  PTR: "nas.home",
  HTTPS: "1 . alpn=h2",
  SVCB: "1 nas.home alpn=dot",
};

export function rowOf(record: string): Row {
  const [, word = "", data = ""] = /^(\S+)\s+(.*)$/.exec(record.trim()) ?? [];
  const type = TYPES.find((each) => each === word.toUpperCase());
  return type ? { type, data } : { type: "ADDRESS", data: record.trim() };
}

export const recordOf = ({ type, data }: Row): string =>
  type === "ADDRESS" ? data.trim() : `${type} ${data.trim()}`;

/** The type to ask for, to see that such a record is answered. */
export function typeAsked(record: string): string {
  const { type, data } = rowOf(record);
  if (type !== "ADDRESS") return type;
  return data.includes(":") ? "AAAA" : "A";
}

/** A name that a local name answers: of "*.nas.home" one below it. */
export const askedFor = (name: string): string => name.replace(/^\*\./, "www.");
