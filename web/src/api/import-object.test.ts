import type { Client } from "urql";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { importObject } from "./import-object";

/** A server that takes an import and then answers each question with the next of these; null is no answer. */
function serverThat(answers: (object | null)[]) {
  let asked = 0;
  const inputs: unknown[] = [];
  const answer = (data: unknown) => ({ toPromise: () => Promise.resolve({ data }) });
  const client = {
    mutation: (_: unknown, { input }: { input: unknown }) => {
      inputs.push(input);
      return answer({ importObject: { upload: { id: "U" }, userErrors: [] } });
    },
    query: () => answer(answers[asked++] ?? null),
  } as unknown as Client;
  return { client, inputs, asked: () => asked };
}

const under = (received: number) => ({
  upload: { id: "U", state: "OPEN", import: { received, total: 4, warning: null, error: null } },
});
const stored = { upload: { id: "U", state: "STORED", import: null } };

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

async function run(answers: (object | null)[]) {
  const { client, asked } = serverThat(answers);
  const shares: number[] = [];
  const warnings: (string | undefined)[] = [];
  const sent = importObject(
    client,
    "s3://b/k",
    (share, warning) => {
      shares.push(share);
      warnings.push(warning);
    },
    () => {},
  );
  await vi.runAllTimersAsync();
  return { sent: await sent, shares, warnings, asked: asked() };
}

test("an import is followed to its end, over answers that are lost", async () => {
  expect(await run([under(1), null, null, under(3), stored])).toEqual({
    sent: { uploadId: "U" },
    shares: [0.25, 0.25, 0.75],
    warnings: [undefined, "the connection was lost; trying again", undefined],
    asked: 5,
  });
});

test("what the server waits for is shown", async () => {
  const waits = { ...under(1).upload, import: { ...under(1).upload.import, warning: "it waits" } };
  const { sent, warnings } = await run([{ upload: waits }, stored]);
  expect(sent).toEqual({ uploadId: "U" });
  expect(warnings).toEqual(["it waits"]);
});

test("a server that does not answer any more is not asked for ever", async () => {
  const { sent, asked } = await run([under(1)]);
  expect(sent).toEqual({ message: "the server does not answer; import it again" });
  expect(asked).toBe(301);
});

test.each([0, 1000])("an import that nobody wants after %i ms is ended on the server", async (after) => {
  const { client, inputs } = serverThat(Array(10).fill(under(1)));
  let abort = () => {};
  const sent = importObject(
    client,
    "s3://b/k",
    () => {},
    (given) => {
      abort = given;
    },
  );
  // At once: the server has not even said yet which upload it is.
  if (after > 0) await vi.advanceTimersByTimeAsync(after);
  abort();
  await vi.runAllTimersAsync();
  expect("message" in (await sent)).toBe(true);
  expect(inputs.slice(1)).toEqual([{ uploadId: "U" }]);
});
