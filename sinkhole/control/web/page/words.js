// What became of a query, and how it came, in words.

import { el } from "./dom.js";
import { isolated } from "./text.js";

const TRANSPORTS = {
  udp: "UDP", tcp: "TCP", tls: "TLS", https: "HTTPS", h3: "HTTP/3", quic: "QUIC",
};

/** A transport of the API as people write it. */
export const transport = (name) => TRANSPORTS[name] ?? name;

/** The tone of a row: "blocked", "trouble" or "fine". */
export function tone(row) {
  if (row.blocked) return "blocked";
  return ["failed", "refused", "malformed"].includes(row.outcome) ? "trouble" : "fine";
}

/** Texts and elements that say what happened to a row of /api/queries. */
export function happened(row) {
  const parts = row.blocked ? [verb("Blocked"), ...by(row)] : answered(row);
  if (row.hop) parts.push(", because it leads to ", isolated(row.hop));
  if (!row.blocked && row.rcode !== "NOERROR") parts.push(" (", isolated(rcodeWords(row.rcode)), ")");
  return parts;
}

function answered(row) {
  const how = {
    forwarded: () => [...(row.upstream ? ["Answered by ", isolated(row.upstream)] : ["Forwarded"]),
      ...detail(row)],
    cached: () => ["From the cache", ...detail(row)],
    stale: () => ["From the cache, though expired: no upstream answered"],
    local: () => ["Answered locally", ...detail(row)],
    rewritten: () => ["Rewritten", ...by(row)],
    refused: () => [verb("Refused"), ...detail(row)],
    malformed: () => [verb("Not understood"), ...detail(row)],
    failed: () => [verb("No upstream answered"), ...detail(row)],
  }[row.outcome] ?? (() => [isolated(row.outcome)]);
  const byRule = row.list && !["rewritten", "local"].includes(row.outcome);
  return byRule ? ["Allowed", ...by(row), ". ", ...how()] : how();
}

function by({ list, line, rule, detail: words }) {
  if (!list) return words ? [": ", isolated(words)] : [];
  const parts = [" by ", isolated(list)];
  if (line) parts.push(`, line ${line}`);
  if (rule) parts.push(": ", isolated(rule));
  return parts;
}

const verb = (text) => el("b", {}, text);
const detail = (row) => (row.detail ? [": ", isolated(row.detail)] : []);

const rcodeWords = (rcode) => ({ NXDOMAIN: "no such name" })[rcode] ?? rcode;
