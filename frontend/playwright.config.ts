// The journeys run against a server that is already there: AETHER_URL says where. The runner of the tests starts it.
import { existsSync } from "node:fs";
import { defineConfig } from "@playwright/test";

const system = process.env.CHROMIUM_PATH ?? "/usr/bin/chromium";
const baseURL = process.env.AETHER_URL ?? "http://localhost:8080";

export default defineConfig({
  testDir: "e2e",
  // A folder for each server: runs against several at the same time do not clear each other's.
  outputDir: `test-results/runs/${new URL(baseURL).port || "default"}`,
  workers: 1,
  retries: 0,
  forbidOnly: true,
  timeout: 180_000,
  expect: { timeout: 15_000 },
  reporter: [["list"]],
  use: {
    baseURL,
    viewport: { width: 1440, height: 900 },
    permissions: ["clipboard-read", "clipboard-write"],
    screenshot: "only-on-failure",
    // Without pictures and snapshots of the page at each step: on two slow cores they take more time than the page itself.
    trace: { mode: "retain-on-failure", screenshots: false, snapshots: false, sources: true },
    launchOptions: {
      ...(existsSync(system) ? { executablePath: system } : {}),
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
      ],
    },
  },
  projects: [{ name: "chromium", use: { browserName: "chromium" } }],
});
