/** A page whose every policy violation, script error and refused request fails the test. */
import AxeBuilder from "@axe-core/playwright";
import { test as base, expect, type Page } from "@playwright/test";

export const test = base.extend<{ trouble: string[] }>({
  trouble: [
    async ({ page, baseURL }, use) => {
      const trouble: string[] = [];
      const origin = new URL(baseURL ?? "").origin;
      await page.addInitScript(() => {
        document.addEventListener("securitypolicyviolation", (event) => {
          console.error(`policy violation: ${event.violatedDirective} ${event.blockedURI} ${event.sample}`);
        });
      });
      page.on("console", (message) => {
        if (message.type() === "error" && !/Failed to load resource|WebSocket/.test(message.text()))
          trouble.push(message.text());
      });
      page.on("pageerror", (error) => trouble.push(error.stack ?? error.message));
      page.on("request", (request) => {
        const { protocol, origin: target } = new URL(request.url());
        if (protocol.startsWith("http") && target !== origin)
          trouble.push(`a request to another host: ${request.url()}`);
      });
      await use(trouble);
      expect(trouble).toEqual([]);
    },
    { auto: true },
  ],
});

export async function expectAccessible(page: Page, what: string) {
  const { violations } = await new AxeBuilder({ page }).analyze();
  const told = violations.map(
    ({ id, nodes }) => `${id}: ${nodes.map((node) => `${node.target} ${node.failureSummary}`).join("; ")}`,
  );
  expect(told, `axe on ${what}`).toEqual([]);
}

export { expect };
