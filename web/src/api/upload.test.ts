import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { sendFile } from "./upload";

interface Asked {
  method: string;
  offset: string | undefined;
  body: string | null;
}

/** What becomes of a request: an answer, a connection that breaks after some bytes, or one on which nothing moves. */
type Fate = { status: number; offset?: number; says?: string; sent?: number } | { breaks: number } | { hangs: number };

let asked: Asked[];
let fates: Fate[];

class FakeRequest {
  upload: { onprogress: ((event: { loaded: number; total: number }) => void) | null } = { onprogress: null };
  onload = () => {};
  onerror = () => {};
  onabort = () => {};
  status = 0;
  responseText = "";
  private method = "";
  private headers: Record<string, string> = {};
  private answer: Record<string, string> = {};
  open(method: string) {
    this.method = method;
  }
  setRequestHeader(name: string, value: string) {
    this.headers[name] = value;
  }
  getResponseHeader(name: string) {
    return this.answer[name] ?? null;
  }
  abort() {
    queueMicrotask(() => this.onabort());
  }
  async send(body?: Blob) {
    expect(this.headers["tus-resumable"]).toBe("1.0.0");
    asked.push({ method: this.method, offset: this.headers["upload-offset"], body: body ? await body.text() : null });
    const fate = fates.shift();
    if (!fate) throw new Error("nobody expected this request");
    const moved = (loaded: number) => body && this.upload.onprogress?.({ loaded, total: body.size });
    if ("breaks" in fate) {
      moved(fate.breaks);
      return this.onerror();
    }
    if ("hangs" in fate) return moved(fate.hangs);
    moved(fate.sent ?? body?.size ?? 0);
    this.status = fate.status;
    if (fate.offset !== undefined) this.answer["upload-offset"] = String(fate.offset);
    this.responseText = fate.says ? JSON.stringify({ error: { message: fate.says } }) : "";
    this.onload();
  }
}

beforeEach(() => {
  asked = [];
  vi.useFakeTimers();
  vi.stubGlobal("XMLHttpRequest", FakeRequest);
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const file = new Blob(["0123456789"]);

async function run(all: Fate[], what: Blob = file) {
  fates = all;
  const shown: [number, string | undefined][] = [];
  const sending = sendFile(what, "/uploads/1", (share, warning) => shown.push([share, warning]));
  await vi.runAllTimersAsync();
  return { result: await sending.result, shown };
}

const lost = "the connection was lost; trying again";

test("a file is sent at once over a good connection", async () => {
  const { result, shown } = await run([{ status: 204, offset: 10 }]);
  expect(result).toEqual({ ok: true });
  expect(asked).toEqual([{ method: "PATCH", offset: "0", body: "0123456789" }]);
  expect(shown).toEqual([[1, undefined]]);
});

test("after a broken connection only what is missing is sent", async () => {
  const { result, shown } = await run([{ breaks: 8 }, { status: 200, offset: 4 }, { status: 204, offset: 10 }]);
  expect(result).toEqual({ ok: true });
  expect(asked).toEqual([
    { method: "PATCH", offset: "0", body: "0123456789" },
    { method: "HEAD", offset: undefined, body: null },
    { method: "PATCH", offset: "4", body: "456789" },
  ]);
  // Back to what the server has, no further.
  expect(shown).toEqual([
    [0.8, undefined],
    [0.8, lost],
    [0.4, undefined],
    [1, undefined],
  ]);
});

test("a lost last answer sends nothing twice", async () => {
  const { result } = await run([{ breaks: 10 }, { status: 200, offset: 10 }]);
  expect(result).toEqual({ ok: true });
  expect(asked.map(({ method }) => method)).toEqual(["PATCH", "HEAD"]);
});

test("a connection on which nothing moves is given up", async () => {
  const { result } = await run([{ hangs: 3 }, { status: 200, offset: 0 }, { status: 204, offset: 10 }]);
  expect(result).toEqual({ ok: true });
});

test("a server in trouble is asked again, in its own words", async () => {
  const { result, shown } = await run([
    { status: 503, says: "the store is away", sent: 2 },
    { breaks: 0 },
    { status: 502 },
    { status: 200, offset: 2 },
    { status: 409, offset: 6, sent: 0 },
    { status: 204, offset: 10 },
  ]);
  expect(result).toEqual({ ok: true });
  expect(shown.map(([, warning]) => warning).filter(Boolean)).toEqual([
    "the store is away",
    lost,
    "the server answered 502",
    lost,
  ]);
  expect(asked.at(-1)).toEqual({ method: "PATCH", offset: "6", body: "6789" });
});

test("the waits grow, and not beyond ten seconds", async () => {
  const waits: number[] = [];
  const set = globalThis.setTimeout;
  vi.spyOn(globalThis, "setTimeout").mockImplementation(((work: () => void, ms: number) => {
    if (ms <= 10_000) waits.push(ms);
    return set(work, ms);
  }) as typeof setTimeout);
  await run([...Array(9).fill({ breaks: 0 }), { status: 404 }]);
  const most = [500, 1000, 2000, 4000, 8000, 10_000, 10_000, 10_000, 10_000];
  expect(waits).toHaveLength(most.length);
  for (const [n, wait] of waits.entries()) {
    expect(wait).toBeGreaterThanOrEqual((most[n] ?? 0) / 2);
    expect(wait).toBeLessThanOrEqual(most[n] ?? 0);
  }
});

test.each([
  [413, "the file is too large", "the file is too large"],
  [404, undefined, "the server does not have this upload any more; send the file again"],
  [401, "sign in", "sign in"],
])("a refusal with %i is the end", async (status, says, message) => {
  const { result } = await run([says ? { status, says } : { status }]);
  expect(result).toEqual({ ok: false, message });
  expect(asked).toHaveLength(1);
});

test("an empty file is stored too", async () => {
  expect((await run([{ status: 204, offset: 0 }], new Blob([]))).result).toEqual({ ok: true });
});

test("a file that is gone is said to be gone", async () => {
  const gone = new Blob(["0123456789"]);
  gone.slice = () => ({ arrayBuffer: () => Promise.reject(new Error("gone")), text: () => "" }) as unknown as Blob;
  const { result } = await run([{ breaks: 0 }], gone);
  expect(result).toEqual({ ok: false, message: "the file was changed or moved meanwhile; choose it again" });
});

test.each(["while it is sent", "while it waits"])("it is stopped %s", async (when) => {
  fates = when === "while it is sent" ? [{ hangs: 1 }] : [{ breaks: 1 }];
  const sending = sendFile(file, "/uploads/1", () => {});
  await vi.advanceTimersByTimeAsync(10);
  sending.abort();
  await vi.runAllTimersAsync();
  expect(await sending.result).toEqual({ ok: false, message: "stopped" });
  expect(asked).toHaveLength(1);
});
