/** Choosing, affording, steering, answering and going on, on sessions that play a scene; each leaves a picture for the eye. */
import type { APIRequestContext, Page } from "@playwright/test";
import { expect, expectAccessible, test } from "./support/page";

/** Leaves a picture, and holds what it shows to the same rules in both themes. */
async function look(page: Page, name: string) {
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await page.screenshot({ path: test.info().outputPath(`${name}-${colorScheme}.png`) });
    await expectAccessible(page, `${name}, ${colorScheme}`);
  }
}

const table = { name: "penguins.csv", mimeType: "text/csv", buffer: Buffer.from("species,island\nAdelie,Biscoe\n") };

/** A session that only exists, on `provider`; whatever is started next plays `scene`. */
async function created(page: Page, request: APIRequestContext, scene?: string, provider = "anthropic") {
  await page.goto("/");
  await page.setInputFiles("input[type=file]", table);
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Only create it").check();
  await dialog.getByLabel("Agent", { exact: true }).selectOption(provider);
  await dialog.getByRole("button", { name: "Create" }).click();
  await expect(page).toHaveURL(/\/s\//);
  await expect(page.getByText("Nothing has happened yet")).toBeVisible();
  if (scene) await request.post(`/test/scene/${scene}`);
}

const start = (page: Page) => page.getByRole("button", { name: "Start EDA" }).click();
const log = (page: Page) => page.getByRole("log");
const box = (page: Page) => page.getByLabel("Message to the agent");

test("settings: what is ready, what is not and the way out, and what models cost", async ({ page }) => {
  await page.goto("/settings");
  await expect(page).toHaveURL(/\/settings\/models$/);
  const autopilot = page.getByRole("region", { name: "autopilot" });
  await expect(autopilot.getByText("Default of this server")).toBeVisible();
  await expect(autopilot.getByText("Ready", { exact: true })).toBeVisible();
  const anthropic = page.getByRole("region", { name: "anthropic" });
  await expect(anthropic.getByRole("row", { name: /claude-large default 200K 64K \$3.00 \$15.00/ })).toBeVisible();
  await expect(anthropic.getByRole("row", { name: /claude-preview 1M – Price unknown/ })).toBeVisible();
  const openai = page.getByRole("region", { name: "openai" });
  await expect(openai.getByText("Not ready")).toBeVisible();
  await openai.getByRole("button", { name: "Copy OPENAI_API_KEY" }).click();
  await expect(openai.getByRole("button", { name: "Copied" })).toBeVisible();
  await look(page, "settings");
  await page.setViewportSize({ width: 420, height: 900 });
  await look(page, "settings narrow");
  await page.goto("/settings/nowhere");
  await expect(page.getByText("There is no such page")).toBeVisible();
});

test("settings are reached from every page and from the palette; providers that cannot be read say so", async ({
  page,
  request,
}) => {
  await page.goto("/");
  await page.getByRole("link", { name: "Settings: models" }).click();
  await expect(page.getByRole("heading", { name: "Models" })).toBeVisible();
  await page.goto("/");
  await expect(page.getByRole("heading", { name: "Samples" })).toBeVisible();
  await page.keyboard.press("Control+k");
  await page.getByRole("combobox", { name: "Go to" }).fill("models");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/\/settings\/models$/);
  await request.post("/test/lost");
  try {
    await page.reload();
    await expect(page.getByText("The providers could not be read")).toBeVisible();
    await look(page, "settings lost");
  } finally {
    await request.post("/test/lost");
  }
  await page.getByRole("button", { name: "Try again" }).click();
  await expect(page.getByRole("region", { name: "autopilot" })).toBeVisible();
});

test("a new experiment is begun with a model, budgets and approval, and asks before the next stage", async ({
  page,
}) => {
  await page.goto("/");
  await page.setInputFiles("input[type=file]", table);
  const dialog = page.getByRole("dialog");
  await expect(dialog.getByLabel("Agent", { exact: true })).toHaveValue("autopilot");
  await expect(dialog.getByRole("option", { name: /openai \(not ready\)/ }).first()).toBeDisabled();
  await expect(dialog.getByText("OPENAI_BASE_URL", { exact: false })).toBeVisible();
  await dialog.getByLabel("Agent", { exact: true }).selectOption("anthropic");
  await dialog.getByLabel("Model", { exact: true }).selectOption("claude-small");
  await dialog.getByLabel("Effort", { exact: true }).selectOption("HIGH");
  await expect(dialog.getByText("$0.80 read, $4.00 written per million tokens", { exact: false })).toBeVisible();
  await dialog.getByLabel("Ask me before each stage").check();
  await dialog.getByText("Models by stage, and budgets").click();
  await dialog.getByLabel("Agent of Train").selectOption("autopilot");
  await dialog.getByLabel("Turns, each stage").fill("2.5");
  await expect(dialog.getByRole("alert")).toContainText("A whole number, please.");
  await expect(dialog.getByRole("button", { name: "Create and start" })).toBeDisabled();
  await look(page, "begin");
  await dialog.getByLabel("Turns, each stage").fill("40");
  await dialog.getByLabel("Cost, whole session").fill("2");
  await dialog.getByLabel("Cost, whole session").scrollIntoViewIfNeeded();
  await look(page, "begin open");
  await dialog.getByRole("button", { name: "Create and start" }).click();
  await expect(log(page).getByText("anthropic · claude-small · high effort", { exact: false })).toBeVisible();
  const approval = page.getByRole("region", { name: "Approval" });
  await expect(approval.getByText("Start Prep?")).toBeVisible();
  await look(page, "approval");
  await approval.getByRole("button", { name: "Start Prep" }).click();
  await expect(log(page).getByText("Start Train?")).toBeVisible({ timeout: 20_000 });
  await page.getByRole("button", { name: "Not now" }).click();
  await expect(log(page).getByText("Train was left for later.")).toBeVisible();
  await page.getByLabel("What was spent").click();
  await expect(page.getByRole("row", { name: /^Turns 1 turn of 40 turns/ })).toBeVisible();
});

test("how the next stage runs is said in the Studio, and another model by its name", async ({ page, request }) => {
  await created(page, request);
  await page.getByRole("button", { name: /How to run: anthropic · claude-large/ }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Model", { exact: true }).selectOption("claude-preview");
  await expect(dialog.getByText("Price unknown", { exact: false })).toBeVisible();
  await dialog.getByLabel("Model", { exact: true }).selectOption("Another model…");
  await dialog.getByLabel("Model", { exact: true }).fill("claude-next");
  await look(page, "how to run");
  await dialog.getByRole("button", { name: "Start EDA" }).click();
  await expect(log(page).getByText("anthropic · claude-next", { exact: false })).toBeVisible();
});

test("a question is answered by an option", async ({ page, request }) => {
  await created(page, request, "asks");
  await start(page);
  const question = page.getByRole("region", { name: "Question" });
  await expect(question.getByText(/1 m \d\d s left; after that the agent goes on with “species”/)).toBeVisible();
  await look(page, "question");
  await question.getByRole("button", { name: "island" }).click();
  await expect(question.getByText("You answered: island")).toBeVisible();
});

test("a question that nobody answers goes on with its default", async ({ page, request }) => {
  await created(page, request, "expires");
  await start(page);
  await expect(page.getByText(/No answer came until .*: the agent went on with “no”/)).toBeVisible();
  await look(page, "question expired");
});

test("a budget warns, ends the stage, is raised and the stage goes on", async ({ page, request }) => {
  await created(page, request, "spends");
  await start(page);
  await expect(log(page).getByText("Near the limit: $4.20 of the session's $5.00.")).toBeVisible();
  await expect(log(page).getByText("Used up: the session's $5.00.")).toBeVisible();
  await expect(page.getByText("$5.10 of $5.00 (used up)")).toBeVisible();
  await page.getByLabel("What was spent").click();
  await look(page, "spent");
  await page.getByLabel("What was spent").click();
  await page.getByRole("button", { name: "Raise and resume" }).click();
  const dialog = page.getByRole("dialog");
  const cost = dialog.getByLabel("Cost, whole session, in USD");
  await expect(cost).toHaveValue("10");
  await expect(cost).toBeFocused();
  await expect(dialog.getByText("Spent by the session so far: $5.10", { exact: false })).toBeVisible();
  await look(page, "raise");
  await dialog.getByRole("button", { name: "Raise and resume" }).click();
  await expect(log(page).getByText("EDA goes on")).toBeVisible();
  await expect(log(page).getByText("EDA done")).toBeVisible();
  await expect(page.getByText("of $10.00", { exact: false }).first()).toBeVisible();
});

test("a provider in trouble is told while it is tried again, and another model goes on", async ({ page, request }) => {
  await created(page, request, "overloaded");
  await start(page);
  await expect(log(page).getByText("trying again in 8 s", { exact: false })).toBeVisible();
  await expect(log(page).getByText("I will first lo")).toHaveCount(0);
  await expect(log(page).getByText("anthropic refused the key; check ANTHROPIC_API_KEY and resume.")).toBeVisible();
  await expect(page.getByRole("button", { name: "Retry from the start" })).toBeVisible();
  await look(page, "provider failed");
  await page.setViewportSize({ width: 420, height: 900 });
  await look(page, "provider failed narrow");
  await page.getByRole("button", { name: "Choose another model" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Agent", { exact: true }).selectOption("autopilot");
  await look(page, "another model");
  await dialog.getByRole("button", { name: "Resume with it" }).click();
  await expect(log(page).getByText("EDA goes on")).toBeVisible();
  await expect(log(page).getByText("EDA done")).toBeVisible();
});

test("condensed context, an unknown price and what the model was told are told", async ({ page, request }) => {
  await created(page, request, "condenses");
  await start(page);
  await expect(
    log(page).getByText("Older results are condensed for the model, up to turn 14", { exact: false }),
  ).toBeVisible();
  await expect(log(page).getByText("Told the model: eda/report.md is missing", { exact: false })).toBeVisible();
  await expect(log(page).getByText("EDA done")).toBeVisible();
  await expect(page.getByText("price of 1 turn unknown", { exact: false }).first()).toBeVisible();
  await look(page, "condensed");
});

test("a message steers, an interruption stops what runs first", async ({ page, request }) => {
  await created(page, request, "works");
  await start(page);
  await expect(page.getByRole("button", { name: /^Run fit trees/ })).toBeVisible();
  await box(page).fill("Use fewer trees");
  await page.keyboard.press("Enter");
  await expect(box(page)).toHaveValue("");
  await expect(log(page).getByText("seen at the next turn")).toBeVisible();
  await box(page).fill("Stop now");
  await look(page, "steering");
  await page.keyboard.press("Control+Shift+Enter");
  await expect(log(page).getByText("interrupted what ran", { exact: false })).toBeVisible();
  await expect(log(page).getByText("EDA done")).toBeVisible();
  await expect(log(page).getByText("seen at the next turn")).toHaveCount(0);
});

test("budgets are changed while a stage runs", async ({ page, request }) => {
  await created(page, request, "works");
  await start(page);
  await page.getByRole("button", { name: "Session menu" }).click();
  await page.getByRole("menuitem", { name: "Change budgets" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Cost, whole session, in USD").fill("7,5");
  await dialog.getByRole("button", { name: "Set budgets" }).click();
  await expect(dialog).toHaveCount(0);
  await expect(page.getByText("of $7.50", { exact: false }).first()).toBeVisible();
});

test("a session at rest answers, and an answer can be stopped", async ({ page, request }) => {
  await created(page, request);
  await start(page);
  await expect(log(page).getByText("EDA done")).toBeVisible();
  await request.post("/test/scene/ponders");
  await box(page).fill("Why not both columns?");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("button", { name: "Stop", exact: true })).toBeVisible();
  await look(page, "answering");
  await page.getByRole("button", { name: "Stop", exact: true }).click();
  await expect(log(page).getByText("The agent was stopped", { exact: false })).toBeVisible();
  await box(page).fill("And why not none?");
  await page.keyboard.press("Enter");
  await expect(log(page).getByText("carry much the same", { exact: false })).toBeVisible();
  await expect(log(page).getByText("The agent answered", { exact: false })).toBeVisible();
});

test("what is said to the autopilot is kept for the next stage", async ({ page, request }) => {
  await created(page, request, undefined, "autopilot");
  await start(page);
  await expect(log(page).getByText("EDA done")).toBeVisible();
  await expect(page.getByText("This agent does not answer: a message is kept for the next stage.")).toBeVisible();
  await box(page).fill("Use fewer trees");
  await page.keyboard.press("Enter");
  await expect(log(page).getByText("kept for the next stage")).toBeVisible();
  await look(page, "kept");
});

test("a transcript leaves by the session's menu and is played again", async ({ page, request }) => {
  await created(page, request);
  await start(page);
  await expect(log(page).getByText("EDA done")).toBeVisible();
  await page.getByRole("button", { name: "Session menu" }).click();
  const download = page.waitForEvent("download");
  await page.screenshot({ path: test.info().outputPath("session menu.png") });
  await page.getByRole("menuitem", { name: "Download transcript" }).click();
  expect((await download).suggestedFilename()).toBe("penguins transcript.json");

  await page.goto("/");
  await page.setInputFiles("input[aria-label='Files of a new experiment']", table);
  const dialog = page.getByRole("dialog");
  const bad = { name: "notes.json", mimeType: "application/json", buffer: Buffer.from("no transcript") };
  await dialog.getByLabel("Transcript", { exact: true }).setInputFiles(bad);
  await expect(dialog.getByText("is no transcript", { exact: false })).toBeVisible();
  await dialog
    .getByLabel("Transcript", { exact: true })
    .first()
    .setInputFiles({ ...bad, buffer: Buffer.from("{}") });
  await expect(dialog.getByText("EDA, Prep, Train in 34 turns, recorded with anthropic · claude-large")).toBeVisible();
  await expect(dialog.getByLabel("Agent", { exact: true })).toHaveValue("replay");
  await look(page, "replay");
  await dialog.getByRole("button", { name: "Create and start" }).click();
  await expect(log(page).getByText("replay · penguins in three stages", { exact: false }).first()).toBeVisible();
});
