/**
 * The main jobs in a browser on a real server. With the autopilot: drop a table, say the target, run it through, watch, read
 * the report, open the files, reload. With a model: steer it, answer it, afford it, ask it. Needs TRAINABLE_URL, of a server
 * whose `anthropic` is `examples/scripted_model`.
 */
import type { Page } from "@playwright/test";
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

async function drop(page: Page) {
  const data = await page.evaluateHandle((csv) => {
    const transfer = new DataTransfer();
    transfer.items.add(new File([csv], "houses.csv", { type: "text/csv" }));
    return transfer;
  }, houses());
  await page.locator("#experiments").dispatchEvent("drop", { dataTransfer: data });
  return page.getByRole("dialog");
}

test("from a dropped table to a trained model", async ({ page }) => {
  await page.goto("/");
  await expect(page.getByRole("heading", { name: "Samples" })).toBeVisible();
  await expectAccessible(page, "the gallery");

  const dialog = await drop(page);
  await dialog.getByLabel("Agent", { exact: true }).selectOption("autopilot");
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

test("a model is steered, stopped, answered, afforded and asked", async ({ page }) => {
  await page.goto("/");
  await expect(page.getByRole("heading", { name: "Samples" })).toBeVisible();
  const dialog = await drop(page);
  await dialog.getByLabel("Target column").fill("price");
  await dialog.getByLabel("Start with EDA").check();
  await dialog.getByLabel("Agent", { exact: true }).selectOption("anthropic");
  await dialog.getByText("Budgets", { exact: true }).first().click();
  await dialog.getByLabel("Turns, each stage").fill("3");
  await dialog.getByRole("button", { name: "Create and start" }).click();
  await expect(page).toHaveURL(/\/s\//, { timeout: 60_000 });
  const log = page.getByRole("log");
  const box = page.getByLabel("Message to the agent");

  const look = log.getByRole("button", { name: /^Run look at columns/ });
  await expect(look).toBeVisible({ timeout: 60_000 });
  await expect(log.getByText("distinct", { exact: false })).toBeVisible({ timeout: 30_000 });
  await box.fill("Keep an eye on rooms");
  await page.keyboard.press("Enter");
  await expect(log.getByText("seen at the next turn", { exact: false })).toBeVisible();
  await box.fill("That is enough");
  await page.getByRole("button", { name: "Interrupt and send" }).click();
  await expect(look).toContainText("interrupted");
  await expect(log.getByText("I read “That is enough”", { exact: false })).toBeVisible();
  await expect(log.getByText("seen at the next turn", { exact: false })).toHaveCount(0);

  const question = page.getByRole("region", { name: "Question" });
  await expect(
    question.getByText(/9 m \d\d s left; after that the agent goes on with “It was not recorded”/),
  ).toBeVisible();
  await expectAccessible(page, "a question");
  await question.getByRole("button", { name: "There is none" }).click();
  await expect(question.getByText("You answered: There is none")).toBeVisible();
  await expect(log.getByText("You answer “There is none”", { exact: false })).toBeVisible();

  await expect(log.getByText("Used up: the stage's 3 turns.")).toBeVisible({ timeout: 30_000 });
  await page.getByRole("button", { name: "Raise and resume" }).click();
  await expect(dialog.getByLabel("Turns, each stage")).toHaveValue("6");
  await dialog.getByRole("button", { name: "Raise and resume" }).click();
  await expect(log.getByText("EDA goes on")).toBeVisible();
  await expect(log.getByText("EDA done")).toBeVisible({ timeout: 30_000 });
  await expect(page.getByLabel("What was spent")).toContainText(/\$0\.\d\d of \$5\.00.*% cached/);

  await box.fill("What did you find?");
  await page.keyboard.press("Enter");
  await expect(log.getByText("You ask “What did you find?”", { exact: false })).toBeVisible({ timeout: 30_000 });
  await expect(log.getByText("eda: What the data says")).toBeVisible();
  await expect(log.getByText("The agent answered", { exact: false })).toBeVisible();
  await expectAccessible(page, "an answer");
});
