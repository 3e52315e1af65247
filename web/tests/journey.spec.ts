/**
 * The main job in a browser on a real server: drop a table, say the target, run it through, watch, read the report, open
 * the files, reload. Needs TRAINABLE_URL; the agent is the autopilot or whatever the server has.
 */
import { expect, expectAccessible, test } from "./support/page";

/** A table with a signal, a category, missing values and a repeated row: 400 rows, always the same. */
function houses(): string {
  let seed = 7;
  const random = () => {
    seed = (seed * 16807) % 2147483647;
    return seed / 2147483647;
  };
  const rows = Array.from({ length: 400 }, () => {
    const area = Math.round(40 + random() * 160);
    const rooms = 1 + Math.floor(area / 35);
    const town = ["north", "south", "east"][Math.floor(random() * 3)];
    const price = Math.round(1200 * area + (town === "south" ? 40_000 : 0) + (random() - 0.5) * 30_000);
    return [area, random() < 0.05 ? "" : rooms, town, price].join(",");
  });
  return `area,rooms,town,price\n${[...rows, rows[0]].join("\n")}\n`;
}

test("from a dropped table to a trained model", async ({ page }) => {
  await page.goto("/");
  await expect(page.getByRole("heading", { name: "Samples" })).toBeVisible();
  await expectAccessible(page, "the gallery");

  const data = await page.evaluateHandle((csv) => {
    const transfer = new DataTransfer();
    transfer.items.add(new File([csv], "houses.csv", { type: "text/csv" }));
    return transfer;
  }, houses());
  await page.locator("#experiments").dispatchEvent("drop", { dataTransfer: data });
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Target column").fill("cost");
  await dialog.getByRole("button", { name: "Create and start" }).click();
  await expect(dialog.getByRole("alert")).toContainText("cost", { timeout: 60_000 });
  await dialog.getByLabel("Target column").fill("price");
  await dialog.getByLabel("Instructions").fill("Predict the price.");
  await dialog.getByRole("button", { name: "Create and start" }).click();
  await expect(page).toHaveURL(/\/e\/.+\/s\/.+/, { timeout: 60_000 });
  const session = new URL(page.url()).pathname;

  await expect(page.getByRole("button", { name: "Cancel" })).toBeVisible();
  const call = page.getByRole("button", { name: /^Run / }).first();
  await call.click({ timeout: 120_000 });
  await expect(page.getByRole("group", { name: "Output" }).first()).not.toBeEmpty();
  await expectAccessible(page, "the Studio while it runs");

  await expect(page.getByText("Train done", { exact: true })).toBeVisible({ timeout: 10 * 60_000 });

  await page.goto(`${session}?tab=report&stage=EDA`);
  const report = page.getByRole("group", { name: "EDA report" });
  await expect(report.getByRole("heading").first()).toBeVisible();
  const figure = report.locator("img").first();
  await figure.scrollIntoViewIfNeeded();
  await expect.poll(() => figure.evaluate((image: HTMLImageElement) => image.naturalWidth)).toBeGreaterThan(0);
  await expectAccessible(page, "the report");

  await page.goto(`${session}?tab=files&file=prep%2Fdata%2Ftrain.parquet`);
  await expect(page.getByRole("table").getByRole("row").nth(2)).toBeVisible({ timeout: 60_000 });
  await page
    .getByRole("treeitem", { name: /metadata\.json/ })
    .first()
    .click();
  await expect(page.getByText("random_seed").first()).toBeVisible();
  await expectAccessible(page, "the files");

  await page.goto(`${session}?tab=metrics`);
  await expect(page.getByRole("group", { name: "Legend" }).first()).toBeVisible();
  await expectAccessible(page, "the metrics");

  await page.goto(`${session}?tab=code`);
  await expect(page.getByRole("navigation", { name: "Scripts" }).getByRole("button").first()).toBeVisible();

  await page.goto(`${session}?tab=data`);
  await expect(page.getByRole("heading", { name: /^Model: / })).toBeVisible();
  await page.reload();
  await expect(page.getByRole("tab", { name: "Data" })).toHaveAttribute("aria-selected", "true");
  await expect(page.getByText("Train done", { exact: true })).toBeVisible();
  await expectAccessible(page, "the data");

  await page.goto("/");
  await expect(page.getByRole("listitem").filter({ hasText: "houses" }).first()).toContainText("Trained");
});
