// The rule that blocks every name for one client.

/** What ends a name in a rule, or parts it, as rules for a client are written by the server. */
const SIGNS = /['|,$]/g;

/** It goes before exceptions, but for important ones and those of allow lists. */
export const ruleThatBlocksAll = (client: string): string =>
  `*$important,client='${client.replace(SIGNS, "\\$&")}'`;
