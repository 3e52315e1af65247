/** The journey that the tests take: `main.js URL FILE`, with the token in `TRAINABLE_TOKEN`. Says what it sees as lines of JSON. */
import { strict as assert } from "node:assert";
import { createHash, randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import {
  CreateExperimentDocument,
  CreateSessionDocument,
  OverviewDocument,
  SessionNowDocument,
  StartStageDocument,
} from "./gql/graphql.js";
import { download, execute, made, Refused, RequestFailed, type Server, sessionEvents, upload } from "./trainable.js";

function say(what: object): void {
  process.stdout.write(`${JSON.stringify(what)}\n`);
}

async function refusals(server: Server): Promise<void> {
  const stranger = { ...server, token: "not-the-token-of-this-server" };
  const unknown = await execute(stranger, OverviewDocument, {}).catch((error: unknown) => error);
  assert(unknown instanceof RequestFailed);
  assert.equal(unknown.code, "UNAUTHENTICATED");
  const nobody = await sessionEvents(stranger, "nothing")
    .next()
    .catch((error: unknown) => error);
  assert(nobody instanceof RequestFailed);
  assert.equal(nobody.code, "4403");
  const missing = await sessionEvents(server, "nothing")
    .next()
    .catch((error: unknown) => error);
  assert(missing instanceof RequestFailed);
  assert.equal(missing.code, "NOT_FOUND");
  const input = { source: { uploadIds: [randomUUID()] } };
  const { createExperiment } = await execute(server, CreateExperimentDocument, { input });
  const refused = await Promise.resolve()
    .then(() => made(createExperiment.experiment, createExperiment.userErrors))
    .catch((error: unknown) => error);
  assert(refused instanceof Refused);
  assert.equal(refused.problems[0]?.code, "UPLOAD_INCOMPLETE");
}

async function begin(server: Server, file: string): Promise<string> {
  const bytes = new Uint8Array(await readFile(file));
  const input = { source: { uploadIds: [await upload(server, basename(file), bytes)] } };
  const { createExperiment } = await execute(server, CreateExperimentDocument, { input });
  const experiment = made(createExperiment.experiment, createExperiment.userErrors);

  // The same key is the same session, however often it is asked for: a lost answer is asked for again.
  const once = { experimentId: experiment.id, provider: "autopilot", idempotencyKey: randomUUID() };
  const first = await execute(server, CreateSessionDocument, { input: once });
  const again = await execute(server, CreateSessionDocument, { input: once });
  const session = made(first.createSession.session, first.createSession.userErrors);
  assert.equal(again.createSession.session?.id, session.id);

  const start = { sessionId: session.id, stage: "EDA", seed: 7, idempotencyKey: randomUUID() } as const;
  const { startStage } = await execute(server, StartStageDocument, { input: start });
  assert.equal(made(startStage.stageRun, startStage.userErrors).seed, 7);
  return session.id;
}

async function follow(server: Server, sessionId: string): Promise<[number, string][]> {
  const seen: [number, string][] = [];
  for await (const { events } of sessionEvents(server, sessionId)) {
    for (const event of events) {
      // What has no sequence is provisional text.
      if (event.seq == null) continue;
      assert.equal(event.seq, seen.length + 1, "a gap or a repetition");
      assert(event.at && !Number.isNaN(Date.parse(event.at)));
      seen.push([event.seq, event.__typename]);
      if (event.__typename === "StateChangeEvent" && !event.state.endsWith("_RUNNING")) return seen;
    }
    say({ seen: seen.length });
  }
  return seen;
}

async function main(url: string, file: string): Promise<void> {
  const server = { url, token: process.env.TRAINABLE_TOKEN ?? "" };
  const { samples } = await execute(server, OverviewDocument, {});
  assert(samples.some(({ id, rows }) => id === "penguins" && rows === 344));
  await refusals(server);
  const session = await begin(server, file);
  const events = await follow(server, session);
  const { session: now } = await execute(server, SessionNowDocument, { id: session });
  assert(now);
  assert(now.report?.content.startsWith("#"));
  const report = now.artifacts.nodes.find(({ path }) => path === "eda/report.md");
  assert(report);
  const bytes = await download(server, report.url);
  assert.equal(createHash("sha256").update(bytes).digest("hex"), report.sha256);
  say({ session, state: now.state, lastSeq: now.lastSeq, events });
}

const [url, file] = process.argv.slice(2);
if (!url || !file) throw new Error("main.js URL FILE");
await main(url, file);
