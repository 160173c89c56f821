// How soon a preview is there: figures, no assertions. `npm run measure:preview`, against the server at AETHER_URL.
import { defineConfig } from "@playwright/test";
import base from "../../playwright.config";

export default defineConfig({
  ...base,
  testDir: ".",
  testMatch: "*.measure.ts",
  outputDir: "../../test-results/measure",
  timeout: 120_000,
  // A recording takes time of its own.
  use: { ...base.use, trace: "off", screenshot: "off", actionTimeout: 20_000 },
});
