import { expect, test } from "vitest";
import { type Sentences, tellerOf } from "../src/words/said";
import german from "../src/words/said/de.json";

const SENTENCES: Sentences = german;
const real = tellerOf(SENTENCES, (value) => value.toLocaleString("de"));
const small = tellerOf({
  "it is empty": "es ist leer",
  "{} is empty": "{} ist leer",
  "{} of {} are empty": "von {2} sind {1} leer",
  "list {}: {}": "Liste {}: {}",
  "{} or {}": "{} oder {}",
  "did you mean {}?": "ist {} gemeint?",
  ", which anybody can read": ", was jeder lesen kann",
  "did not answer": "hat nicht geantwortet",
  "own rules": "eigene Regeln",
});

test.each([
  ["a whole sentence", "it is empty", "es ist leer"],
  ["a value", "'the box' is empty", "'the box' ist leer"],
  ["another order", "3 of 5 are empty", "von 5 sind 3 leer"],
  ["a sentence in a sentence", "list 'x': it is empty", "Liste 'x': es ist leer"],
  ["a choice", 'did you mean "a" or "b"?', 'ist "a" oder "b" gemeint?'],
  ["several", "a is empty; b is empty", "a ist leer; b ist leer"],
  ["lines", "a is empty\nb is empty", "a ist leer\nb ist leer"],
  ["one in brackets", "somebody (it is empty)", "somebody (es ist leer)"],
  ["who did it, in front", "192.0.2.1 did not answer", "192.0.2.1 hat nicht geantwortet"],
  ["an ending", "it is empty, which anybody can read", "es ist leer, was jeder lesen kann"],
])("%s", (_, english, told) => {
  expect(small.sentence(english)).toBe(told);
});

test.each([
  ["what nobody has translated", "the moon is full"],
  ["what people wrote, in quotes", "'it is empty or full'"],
  ["two words that could be anything", "salt water or fresh water"],
  ["places of a pattern", "{} {1}"],
  ["the names of objects", "constructor"],
  ["nothing", ""],
  ["what begins as ours do, but goes on as nobody does", "device of some kind is at home"],
])("%s stays as it is", (_, text) => {
  expect(small.sentence(text)).toBe(text);
});

test("fractions are written as the language does, but no versions, addresses or settings", () => {
  const told = tellerOf(
    { "it took {} s": "es brauchte {} s", "it is {}": "es ist {}", "of {}": "von {}" },
    (value) => value.toLocaleString("de"),
  );
  expect(told.sentence("it took 0.25 s")).toBe("es brauchte 0,25 s");
  expect(told.sentence("it is 1.5 MiB")).toBe("es ist 1,5 MiB");
  for (const other of ["1.2", "192.0.2.1", "2.5s", "1.5 moons"]) {
    expect(told.sentence(`it is ${other}`)).toBe(`it is ${other}`.replace("it is", "es ist"));
  }
});

test("names are told only where they stand for something", () => {
  expect(small.name("own rules")).toBe("eigene Regeln");
  expect(small.name("my box is empty")).toBe("my box is empty");
});

test.each([
  "a: ".repeat(600),
  ", ; : ( ".repeat(240),
  "list ".repeat(390),
  "it is empty; ".repeat(150),
  "{} or {} of {} are ".repeat(100),
  `${"a or ".repeat(380)}b`,
])("no text makes it think for long, be it made for that: %#", (hostile) => {
  const long = hostile.repeat(1000);
  expect(real.sentence(hostile)).toContain(hostile.slice(-1));
  expect(real.sentence(long)).toBe(long);
});

test.each([
  [
    'clients "tv": addresses: "192.0.2.300" is not an IP address, write one such as "192.0.2.10" or "2001:db8::10"',
    'clients "tv": addresses: "192.0.2.300" ist keine IP-Adresse, eine schreiben wie "192.0.2.10" oder "2001:db8::10"',
  ],
  [
    "list 'Ads': can't be fetched: HTTP status 404 Not Found",
    "Liste 'Ads': ist nicht zu holen: HTTP-Status 404 Not Found",
  ],
  [
    "the certificate in /etc/x.pem expires in 3 days, and nothing has renewed it yet",
    "das Zertifikat in /etc/x.pem läuft in 3 Tagen ab, und noch hat es niemand erneuert",
  ],
  [
    "no upstream answers (9.9.9.9:53 did not answer, dns.example.org:853 refused the connection): check the internet connection and upstream.servers",
    "kein Upstream antwortet (9.9.9.9:53 hat nicht geantwortet, dns.example.org:853 hat die Verbindung abgelehnt): die Internetverbindung und upstream.servers prüfen",
  ],
  [
    "has no certificate for dns.example.org, but one for a.example.org",
    "hat kein Zertifikat für dns.example.org, aber eines für a.example.org",
  ],
  ["it has shrunk from 12,345 to 6 rules", "sie ist von 12.345 auf 6 Regeln geschrumpft"],
  [
    '"full" is not known, write full, no_names or nothing',
    '"full" ist nicht bekannt, möglich: full, no_names oder nothing',
  ],
  [
    "192.0.2.7 may ask, up to 20 queries a second together with all of its network",
    "192.0.2.7 darf fragen, bis zu 20 Anfragen in der Sekunde zusammen mit seinem ganzen Netz",
  ],
  [
    '"3 parsecs" is not a duration, write one such as "2s", "500ms", "10m", "24h" or "90d"',
    '"3 parsecs" ist keine Zeitspanne, eine schreiben wie "2s", "500ms", "10m", "24h" oder "90d"',
  ],
  [
    "dns.listen: this machine has no address 192.0.2.250. Until that changes DNS is not answered there; it is tried again.",
    "dns.listen: diese Maschine hat keine Adresse 192.0.2.250. Bis sich das ändert, wird DNS dort nicht beantwortet; es wird weiter versucht.",
  ],
  [
    "127.0.0.1:53 has no DNS server listening there, tls://dns.example.org refused the connection (127.0.0.1 port 853)",
    "127.0.0.1:53 hat dort keinen DNS-Server, tls://dns.example.org hat die Verbindung abgelehnt (127.0.0.1 Port 853)",
  ],
  [
    'groups[0].upstream: "fam" is no upstream set, but "kids" asks it: write "default", or make a set of that name in upstream.sets',
    'groups[0].upstream: "fam" ist keine Gruppe von Upstreams, aber "kids" fragt sie: "default" schreiben, oder eine Gruppe von Upstreams dieses Namens in upstream.sets anlegen',
  ],
  [
    "1s is out of range, write 10m to 30d, or 0",
    "1s liegt außerhalb, 10m bis 30d, oder 0 schreiben",
  ],
  ["paused, 9 min left, by admin", "ausgesetzt, noch 9 min, durch admin"],
  ["first run", "erste Schritte"],
  [
    `block upper.example.org for Kid's "tablet" | <b>x</b>`,
    `upper.example.org für Kid's "tablet" | <b>x</b> blockiert`,
  ],
  ["allow upper.example.org", "upper.example.org erlaubt"],
  [
    `device 127.0.1.3 is Kid's "tablet" | <b>x</b>, y: z. It`,
    `Gerät 127.0.1.3 ist Kid's "tablet" | <b>x</b>, y: z. It`,
  ],
  [
    "192.0.2.1:53 did not answer; gave up after 0.1 s",
    "192.0.2.1:53 hat nicht geantwortet; nach 0,1 s aufgegeben",
  ],
])("the server's own: %s", (english, told) => {
  expect(real.sentence(english)).toBe(told);
});

test("each sentence of the file is told as the file has it", () => {
  const values = ["'a'", "'b'", "'c'", "'d'", "'e'", "'f'"];
  const other = Object.entries(SENTENCES).flatMap(([english, says]) => {
    let [from, to] = [0, 0];
    const asked = english.replaceAll("{}", () => values[from++] ?? "");
    const wanted = says.replace(/\{(\d*)\}/g, (_, place: string) =>
      place ? (values[Number(place) - 1] ?? "") : (values[to++] ?? ""),
    );
    const found = real.sentence(asked);
    return found === wanted ? [] : [{ asked, wanted, found }];
  });
  expect(other).toEqual([]);
});
