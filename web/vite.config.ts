import { fileURLToPath } from "node:url";
import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** Where the Rust server listens while `npm run dev` serves the client. */
const server = process.env.TRAINABLE_URL ?? "http://127.0.0.1:8080";

export default defineConfig({
  plugins: [react(), tailwindcss()],
  resolve: { alias: { "@": here("./src") } },
  html: { cspNonce: "__CSP_NONCE__" },
  build: {
    manifest: true,
    target: "es2022",
    // A data: address for a font would be refused by the content security policy.
    assetsInlineLimit: 0,
    // Only GraphiQL's editor passes this; `npm run size` holds the client to its own budgets.
    chunkSizeWarningLimit: 4000,
    rolldownOptions: {
      input: { index: here("./index.html"), graphiql: here("./graphiql.html") },
      // GraphiQL's own packages carry compiler directives that mean nothing once bundled.
      onLog: (level, log, show) => {
        if (log.code !== "MODULE_LEVEL_DIRECTIVE") show(level, log);
      },
    },
  },
  worker: { format: "es" },
  server: {
    proxy: Object.fromEntries(
      ["/graphql", "/uploads", "/files", "/login"].map((path) => [
        path,
        { target: server, ws: true, changeOrigin: true, headers: { origin: server } },
      ]),
    ),
  },
  test: { environment: "happy-dom", include: ["src/**/*.test.{ts,tsx}"] },
});
