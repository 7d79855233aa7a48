// What a device is recognised by, as people write it.

const MAC = /^[0-9a-f]{2}([:-]?)[0-9a-f]{2}(?:\1[0-9a-f]{2}){4}$/i;

/** Several with commas or spaces between them: hardware addresses (MACs), and addresses or networks. */
export function recognisedBy(text: string): { macs?: string[]; addresses?: string[] } {
  const parts = text.split(/[\s,;]+/).filter(Boolean);
  const macs = parts.filter((each) => MAC.test(each));
  const addresses = parts.filter((each) => !MAC.test(each));
  return { ...(macs.length > 0 && { macs }), ...(addresses.length > 0 && { addresses }) };
}
