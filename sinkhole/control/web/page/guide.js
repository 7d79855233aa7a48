// What to do on a server that nobody has asked anything yet.

import { byId, el } from "./dom.js";
import { count, visible } from "./format.js";
import { stillComing } from "./status.js";

const ANYWHERE = new Set(["0.0.0.0", "[::]"]);

/** Show the guide, or hide it when `status` is null. */
export function showGuide(status) {
  const guide = byId("guide");
  guide.hidden = status === null;
  if (status === null) return;
  const [coming] = stillComing(status.lists);
  byId("sentence").textContent = `Ready, with ${count(status.names)} names on its lists` +
    `${coming ? "; more are on their way" : ""}. Nobody has asked yet.`;
  if (guide.childElementCount) return;
  const { host, port } = addressOf(status.listen);
  const dig = (name) => `dig @${host}${port === "53" ? "" : ` -p ${port}`} ${name}`;
  const parts = [
    el("h2", { id: "guide-title" }, "First steps"),
    el("p", {}, "The server is running. This is how the first numbers come onto this page:"),
    el("ol", {},
      step("Ask it something.", "From a terminal:", dig("example.org")),
      step("Point one device at it.",
        "In its network settings, enter this address as the only DNS server:", host),
      step("Give it to everyone.",
        "In your router's DHCP settings, hand out the same address as the DNS server."),
    ),
    port === "53" ? null : el("p", { class: "quiet" },
      `Devices ask at port 53. This server listens at port ${visible(port)}: ` +
      "good for trying; set dns.listen to port 53 before you point devices at it."),
  ];
  guide.append(...parts.filter(Boolean));
}

function addressOf(listen) {
  const [, host, port] = /^(.*):(\d+)$/.exec(listen[0] ?? "") ?? [null, "", "53"];
  const bare = ANYWHERE.has(host) || !host ? location.hostname : host;
  return { host: visible(bare.replace(/^\[|\]$/g, "")), port };
}

function step(title, text, code = "") {
  return el("li", {}, el("strong", {}, title), " ", text, code && el("code", {}, code));
}
