import { fileURLToPath } from "node:url";
import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";
import { preview } from "./preview/vite-plugin.ts";

const backend = process.env.AETHER_URL ?? "http://localhost:8080";

export default defineConfig({
  plugins: [react(), tailwindcss(), preview()],
  resolve: { alias: { "@": fileURLToPath(new URL("./src", import.meta.url)) } },
  build: {
    // The page's policy allows no inline script and no data: script; assets stay files.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    manifest: true,
    target: "es2022",
    // light-dark() is kept as it is, so that nested themes go on working.
    cssTarget: ["chrome123", "firefox121", "safari17.5"],
    reportCompressedSize: true,
    chunkSizeWarningLimit: 700,
  },
  // One file: the policy that the worker is served with lets it fetch nothing.
  worker: { format: "es", rolldownOptions: { output: { codeSplitting: false } } },
  server: {
    port: 5173,
    // The server accepts cookie calls only from its own origin.
    proxy: {
      "/api": { target: backend, headers: { origin: backend } },
      "/socket.io": { target: backend, ws: true, headers: { origin: backend } },
    },
  },
  test: {
    environment: "jsdom",
    include: ["{src,preview}/**/*.test.{ts,tsx}"],
    setupFiles: ["src/testing/setup.ts"],
    // The compiler of the preview reads Tailwind's own sheets as text; no test looks at a style of the app.
    css: { include: [/node_modules\/tailwindcss\/.*\?raw$/] },
    restoreMocks: true,
  },
});
