// Built into the Python package, where the server reads it. All addresses are relative: the page may
// stand below a path of a proxy.
import { defineConfig } from "vite";

export default defineConfig({
  base: "./",
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    outDir: "../sinkhole/control/web/page",
    emptyOutDir: true,
    target: "es2022",
    assetsInlineLimit: 0, // the page's policy allows no data: addresses
    modulePreload: { polyfill: false },
    reportCompressedSize: true,
  },
  // `npx vite` beside a running server, for working on the page.
  server: { proxy: { "/api": "http://127.0.0.1:8080" } },
});
