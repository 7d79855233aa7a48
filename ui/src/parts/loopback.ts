// Addresses by which a machine speaks of itself alone.

/** Whether a host leads any other device to itself, and not here. */
export const isLoopback = (host: string): boolean =>
  /^(localhost|.*\.localhost|127(\.\d+){3}|\[?::1\]?)$/.test(host);
