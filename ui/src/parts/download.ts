// Saving a file that the server has. By fetch and not by a link, as a link sends no field of ours,
// without which the server answers no browser that comes without HTTPS.

import { Refused, Unknown, Unreachable } from "../server/api";

/** Save what is at an address of the API, `backups/…`, under a name of ours. */
export async function download(path: string, name: string): Promise<void> {
  let response: Response;
  try {
    response = await fetch(`api/v1/${path}`, { headers: { "X-Requested-With": "sinkhole" } });
  } catch (error) {
    throw new Unreachable(String(error));
  }
  if (!response.ok) {
    const { detail = "", code } = await response.json().catch(() => ({}));
    const kind = response.status === 401 ? Unknown : Refused;
    throw new kind(detail || `HTTP ${response.status}`, code);
  }
  save(await response.blob(), name);
}

/** Have the browser save this. */
export function save(content: Blob, name: string): void {
  const address = URL.createObjectURL(content);
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  URL.revokeObjectURL(address);
}
