import { defineConfig } from "@playwright/test";

/**
 * Two sets of browser tests: `panes` against a server of scripted sessions that it starts itself, `journey` against a
 * real server whose address is in TRAINABLE_URL. The browser is the system's; none is downloaded.
 */
const real = process.env.TRAINABLE_URL;
const fake = "http://127.0.0.1:4199";

export default defineConfig({
  testDir: "tests",
  timeout: 60_000,
  expect: { timeout: 10_000 },
  workers: 1,
  forbidOnly: true,
  reporter: [["list"]],
  use: {
    viewport: { width: 1440, height: 900 },
    trace: "retain-on-failure",
    launchOptions: {
      executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
      args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
    },
  },
  projects: real
    ? [{ name: "journey", testMatch: "journey.spec.ts", timeout: 15 * 60_000, use: { baseURL: real } }]
    : [{ name: "panes", testMatch: ["panes.spec.ts", "runs.spec.ts", "buckets.spec.ts"], use: { baseURL: fake } }],
  ...(!real && {
    webServer: { command: "node tests/support/fake-server.mjs", url: fake, reuseExistingServer: false },
  }),
});
