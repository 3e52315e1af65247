import { act } from "react";
import { createRoot } from "react-dom/client";
import { expect, test } from "vitest";
import type { Execution, ExecutionEnd, ToolItem } from "@/stream/view";
import { ToolCall } from "./tool-call";

Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true });

/** What the card of a script says, closed and opened. */
function words(execution: Execution, more: Partial<ToolItem> = {}): { closed: string; opened: string } {
  const item: ToolItem = {
    key: "1",
    at: null,
    run: null,
    stage: null,
    kind: "tool",
    callId: "c1",
    tool: "execute_code",
    input: { code: "1", slug: "fit" },
    state: execution.end ? "error" : "running",
    output: [],
    answer: null,
    durationMs: null,
    execution,
    files: [],
    refused: { files: [], more: 0 },
    ...more,
  };
  const page = document.createElement("div");
  const root = createRoot(page);
  act(() => root.render(<ToolCall item={item} onOpenFile={() => undefined} />));
  const closed = page.textContent;
  act(() => page.querySelector("button")?.click());
  const opened = page.textContent;
  act(() => root.unmount());
  return { closed, opened };
}

const script = "eda/scripts/step_01_fit.py";
const ended = (end: Partial<ExecutionEnd>): Execution => ({
  script,
  ahead: null,
  end: {
    how: "EXITED",
    said: "exited with code 0",
    durationMs: 3200,
    cpuSeconds: 12,
    peakMemory: null,
    droppedOutput: 0,
    ...end,
  },
});

test.each<[string, Execution, string]>([
  ["waits", { script, ahead: 2, end: null }, "waiting for a place (2 ahead)"],
  ["waits first", { script, ahead: 0, end: null }, "waiting for a place (next)"],
])("an execution that %s says so", (_, execution, expected) => {
  expect(words(execution).closed).toContain(expected);
});

test.each<[Partial<ExecutionEnd>, string]>([
  [{}, "The script exited with code 0: 3 s, 12 s of CPU."],
  [
    { how: "OUT_OF_MEMORY", said: "ran out of memory", peakMemory: 2 * 1_073_741_824 },
    "The script ran out of memory: 3 s, 12 s of CPU, 2.0 GiB of memory at its peak.",
  ],
  [
    { how: "SIGNALLED", said: "crashed in native code (SIGSEGV)", cpuSeconds: 0.25, peakMemory: 312 * 1_048_576 },
    "The script crashed in native code (SIGSEGV): 3 s, 0.3 s of CPU, 312 MiB of memory at its peak.",
  ],
])("an ending %j says what it took", (end, expected) => {
  expect(words(ended(end)).opened).toContain(expected);
});

test("what is not kept is named with its reason", () => {
  const refused = { files: [{ path: "eda/l", reason: "is a symbolic link" }], more: 3 };
  expect(words(ended({}), { refused }).opened).toContain("Not kept: eda/l is a symbolic linkNot kept: 3 more");
});
