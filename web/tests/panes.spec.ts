/** Every pane in the browser, on sessions that play a script: how it looks is for the eye, that it works is for here. */
import type { Page } from "@playwright/test";
import { expect, expectAccessible, test } from "./support/page";

const csv = { name: "penguins.csv", mimeType: "text/csv", buffer: Buffer.from("species,island\nAdelie,Biscoe\n") };

/** Runs a sample through all three stages and answers the session's address. */
async function finished(page: Page): Promise<string> {
  await page.goto("/");
  await page.getByRole("button", { name: "Run Palmer penguins" }).click();
  await expect(page.getByText("Train done", { exact: true })).toBeVisible({ timeout: 30_000 });
  return new URL(page.url()).pathname;
}

test("a wrong target is told at its field, and the right one starts the session", async ({ page }) => {
  await page.goto("/");
  await page.setInputFiles("input[type=file]", csv);
  const dialog = page.getByRole("dialog");
  await expect(dialog.getByText("penguins.csv")).toBeVisible();
  await dialog.getByLabel("Target column").fill("specie");
  await dialog.getByRole("button", { name: "Create and start" }).click();
  await expect(dialog.getByRole("alert")).toContainText("There is no column `specie`");
  await expectAccessible(page, "the form with an error");
  await dialog.getByLabel("Target column").fill("species");
  await dialog.getByRole("button", { name: "Create and start" }).click();
  await expect(page).toHaveURL(/\/e\/.+\/s\/.+/);
  await expect(page.getByText("Train done", { exact: true })).toBeVisible({ timeout: 30_000 });
});

test("a dropped file opens the form, and what is wrong with it is told beside it", async ({ page }) => {
  await page.goto("/");
  await expect(page.getByRole("heading", { name: "Samples" })).toBeVisible();
  const data = await page.evaluateHandle(() => {
    const transfer = new DataTransfer();
    transfer.items.add(new File([], "empty.csv"));
    transfer.items.add(new File(["MZ"], "virus.exe"));
    return transfer;
  });
  const zone = page.locator("#experiments");
  await zone.dispatchEvent("dragover", { dataTransfer: data });
  await expect(page.getByText("Drop to make an experiment")).toBeVisible();
  await zone.dispatchEvent("drop", { dataTransfer: data });
  const dialog = page.getByRole("dialog");
  await expect(dialog.getByText("`virus.exe` is not a table", { exact: false })).toBeVisible();
  await dialog.getByRole("button", { name: "Remove virus.exe" }).click();
  await dialog.getByRole("button", { name: "Create and start" }).click();
  await expect(dialog.getByText("`empty.csv` is empty", { exact: false })).toBeVisible();
});

test("an experiment is found, renamed and deleted", async ({ page }) => {
  await finished(page);
  await page.goto("/");
  const row = page.getByRole("listitem").filter({ hasText: "target species" }).first();
  await row.getByRole("button", { name: /Actions for/ }).click();
  await page.getByRole("menuitem", { name: "Rename" }).click();
  await page.getByRole("textbox", { name: "Name" }).fill("Renamed birds");
  await page.getByRole("button", { name: "Rename" }).click();
  await page.getByRole("searchbox").fill("renamed");
  await expect(page).toHaveURL(/q=renamed/);
  const found = page.getByRole("listitem").filter({ hasText: "Renamed birds" });
  await expect(found).toBeVisible();
  await found.getByRole("button", { name: /Actions for/ }).click();
  await page.getByRole("menuitem", { name: "Delete" }).click();
  await expectAccessible(page, "the confirmation");
  await page.getByRole("button", { name: "Delete for good" }).click();
  await expect(page.getByText("No experiment matches")).toBeVisible();
});

test("a report shows its figures and nothing from another host", async ({ page }) => {
  const session = await finished(page);
  await page.goto(`${session}?tab=report&stage=EDA`);
  const report = page.getByRole("group", { name: "EDA report" });
  const figure = report.getByRole("img", { name: "Rows by species" });
  await expect(figure).toBeVisible();
  await expect.poll(() => figure.evaluate((image: HTMLImageElement) => image.naturalWidth)).toBeGreaterThan(0);
  await expect(report.locator("img")).toHaveCount(1);
});

test("a call opens to its code, output and files, and a file opens from there", async ({ page }) => {
  const session = await finished(page);
  await page.goto(session);
  await page.getByRole("button", { name: /draw distributions/ }).click();
  await expect(page.getByRole("group", { name: "Output" })).toContainText("saved species.png");
  await page.getByRole("button", { name: "eda/figures/species.png" }).click();
  await expect(page).toHaveURL(/tab=files/);
  await expect(page.getByRole("img", { name: "species.png" })).toBeVisible();
});

test("files: the tree by keyboard, tables in pages, pages in a sandbox", async ({ page }) => {
  const session = await finished(page);
  await page.goto(`${session}?tab=files&file=prep%2Fdata%2Ftrain.csv`);
  const table = page.getByRole("table", { name: "prep/data/train.csv" });
  await expect(table.getByRole("columnheader", { name: "bill_length_mm" })).toBeVisible();
  await table.evaluate((element) => element.scrollTo(0, element.scrollHeight));
  await expect(table.getByRole("rowheader", { name: "240" })).toBeVisible();
  await page.getByRole("treeitem", { name: /train.csv/ }).focus();
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/metadata\.json/);
  await expect(page.getByText('"problem_type"')).toBeVisible();
  await page.getByRole("treeitem", { name: /summary.html/ }).click();
  await expect(page.locator("iframe")).toHaveAttribute("sandbox", "allow-scripts");
  await page.getByRole("treeitem", { name: /model.pkl/ }).click();
  await expect(page.getByText("No preview of this kind of file")).toBeVisible();
});

test("metrics: the dashboard's charts, runs, smoothing and axis stand in the address", async ({ page }) => {
  const session = await finished(page);
  await page.goto(`${session}?tab=metrics`);
  await expect(page.getByRole("region", { name: "Log loss" }).getByRole("row")).toHaveCount(7);
  await page.getByRole("button", { name: "xgboost" }).click();
  await expect(page.getByRole("region", { name: "Log loss" }).getByRole("row")).toHaveCount(5);
  await page.getByLabel("Log scale").check();
  await page.getByLabel("Smoothing").fill("0.6");
  await page.getByRole("radio", { name: "Time" }).click();
  await expect(page).toHaveURL(/x=time/);
  await page.reload();
  await expect(page.getByLabel("Log scale")).toBeChecked();
  await expect(page.getByLabel("Smoothing")).toHaveValue("0.6");
  await expect(page.getByRole("button", { name: "xgboost" })).toHaveAttribute("aria-pressed", "false");
});

test("cancel, retry, and a message to the agent", async ({ page }) => {
  await page.goto("/");
  await page.getByRole("button", { name: "Run Diabetes progression" }).click();
  await page.getByRole("button", { name: "Cancel" }).click();
  await expect(page.getByText(/(EDA|Prep|Train) cancelled/)).toBeVisible();
  await page.keyboard.press("/");
  await page.keyboard.type("Use fewer trees");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("log").getByText("Use fewer trees")).toBeVisible();
  await page.getByRole("button", { name: "Retry", exact: true }).click();
  await expect(page.getByText("Train done", { exact: true })).toBeVisible({ timeout: 30_000 });
});

test("a dropped connection is told, and what was missed arrives once", async ({ page, request }) => {
  await page.goto("/");
  await page.getByRole("button", { name: "Run Palmer penguins" }).click();
  await expect(page).toHaveURL(/\/s\//);
  await request.post("/test/drop");
  await expect(page.getByText("Train done", { exact: true })).toBeVisible({ timeout: 30_000 });
  await expect(page.getByText("Live", { exact: true })).toBeVisible();
  await expect(page.getByRole("button", { name: /profile columns/ })).toHaveCount(1);
  await expect(page.getByText("EDA done", { exact: true })).toHaveCount(1);
});

test("the palette goes to a tab and to an experiment by the keyboard alone", async ({ page }) => {
  await finished(page);
  await page.keyboard.press("Control+k");
  await page.getByRole("combobox", { name: "Go to" }).fill("metr");
  await expect(page.getByRole("option")).toHaveCount(1);
  await expectAccessible(page, "the palette");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/tab=metrics/);
  await page.keyboard.press("?");
  await expect(page.getByRole("dialog", { name: "Keyboard shortcuts" })).toBeVisible();
});

test("an unknown session and an unknown page say so", async ({ page }) => {
  await page.goto("/e/e0/s/nowhere");
  await expect(page.getByText("There is no such session")).toBeVisible();
  await page.goto("/nowhere");
  await expect(page.getByText("There is no such page")).toBeVisible();
});

test("a server with a token asks for it, and goes on where the reader was", async ({ page, request }) => {
  await request.post("/test/token");
  try {
    await page.goto("/?q=bird");
    await page.getByLabel("Token").fill("wrong");
    await page.getByRole("button", { name: "Sign in" }).click();
    await expect(page.getByRole("alert")).toContainText("This is not the server's token.");
    await expectAccessible(page, "the sign-in");
    await page.getByLabel("Token").fill("open sesame");
    await page.getByRole("button", { name: "Sign in" }).click();
    await expect(page.getByRole("searchbox")).toHaveValue("bird");
    await page.getByRole("button", { name: "Sign out" }).click();
    await expect(page.getByLabel("Token")).toBeVisible();
  } finally {
    await request.post("/test/token");
  }
});

test("GraphiQL answers a query and reaches no other host", async ({ page }) => {
  await page.goto("/graphiql");
  await expect(page.getByRole("code").first()).toBeVisible();
  await expect(page.locator(".view-lines").first()).toContainText("experiments");
  await page.getByRole("button", { name: /Execute query/ }).click();
  await expect(page.getByRole("region", { name: /Result/ })).toContainText("experiments", { timeout: 20_000 });
});

for (const colorScheme of ["light", "dark"] as const) {
  for (const [name, width] of [["wide", 1440] as const, ["narrow", 420] as const]) {
    test(`every pane is accessible, ${colorScheme} and ${name}`, async ({ page }) => {
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      const session = await finished(page);
      await page.setViewportSize({ width, height: 900 });
      for (const query of [
        "",
        "?tab=report&stage=EDA&pane=canvas",
        "?tab=files&pane=canvas",
        "?tab=files&file=prep%2Fdata%2Ftrain.csv&pane=canvas",
        "?tab=metrics&pane=canvas&smooth=0.5",
        "?tab=code&pane=canvas",
        "?tab=data&pane=canvas",
      ]) {
        await page.goto(`${session}${query}`);
        await page.waitForLoadState("networkidle");
        await expectAccessible(page, `${session}${query}`);
      }
      await page.goto("/");
      await expect(page.getByRole("heading", { name: "Samples" })).toBeVisible();
      await expectAccessible(page, "the gallery");
    });
  }
}
