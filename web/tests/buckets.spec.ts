/** From a bucket to an experiment: the folders, what is searched for, and what is imported. */
import { expect, expectAccessible, test } from "./support/page";

test.beforeEach(({ request }) => request.post("/test/bucket/on"));
test.afterEach(({ request }) => request.post("/test/bucket/off"));

test("an object of a bucket becomes an experiment", async ({ page }) => {
  await page.goto("/");
  await page.getByRole("button", { name: "From a bucket" }).click();
  const dialog = page.getByRole("dialog");
  await expect(dialog.getByLabel("Bucket")).toHaveValue("their-data");
  await dialog.getByRole("button", { name: "tables/" }).click();
  await expect(dialog.getByRole("checkbox", { name: /customers\.csv/ })).toBeVisible();
  await expectAccessible(page, "the buckets");
  await dialog.getByRole("checkbox", { name: /customers\.csv/ }).check();
  await expect(dialog.getByRole("status")).toContainText("1 object chosen");
  await dialog.getByRole("button", { name: "Import" }).click();
  const form = page.getByRole("dialog", { name: "New experiment" });
  await expect(form.getByText("customers.csv")).toBeVisible();
  await expect(form.getByRole("progressbar", { name: "Import of customers.csv" })).toBeVisible();
  await expect(form.getByRole("progressbar")).toHaveCount(0);
  await form.getByRole("button", { name: "Create and start" }).click();
  await expect(page).toHaveURL(/\/e\/.+\/s\/.+/);
});

test("long folders go on, folders lead back, and a search finds what is below", async ({ page }) => {
  await page.goto("/");
  await page.getByRole("button", { name: "From a bucket" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: "many/" }).click();
  await expect(dialog.getByRole("checkbox")).toHaveCount(100);
  await dialog.getByRole("button", { name: "Show more" }).click();
  await expect(dialog.getByRole("checkbox")).toHaveCount(130);
  await dialog.getByRole("navigation", { name: "Folder" }).getByRole("button", { name: "their-data" }).click();
  await expect(dialog.getByRole("button", { name: "tables/" })).toBeVisible();
  await dialog.getByRole("searchbox").fill("part-0012");
  await expect(dialog.getByRole("checkbox")).toHaveCount(1);
  await dialog.getByRole("searchbox").fill("nothing like it");
  await expect(dialog.getByText("Nothing here holds “nothing like it”")).toBeVisible();
  await dialog.getByLabel("Bucket").selectOption("our-bucket");
  await expect(dialog.getByText("Nothing is here")).toBeVisible();
});

test("what cannot be imported is told at its line", async ({ page }) => {
  await page.goto("/");
  await page.getByRole("button", { name: "From a bucket" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("checkbox", { name: /notes\.txt/ }).check();
  await dialog.getByRole("button", { name: "Import" }).click();
  const form = page.getByRole("dialog", { name: "New experiment" });
  await expect(form.getByRole("alert")).toContainText("There is no object");
  await expect(form.getByRole("button", { name: "Import notes.txt again" })).toBeVisible();
});
