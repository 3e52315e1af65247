/** What was spent so far: tokens, money, time. Plain sums over the log; `fold.ts` keeps one per session and per run. */
import type { EventOf } from "./events";

export interface Spend {
  turns: number;
  /** Read at full price, each counted once: neither from the provider's cache nor into it. */
  inputTokens: number;
  outputTokens: number;
  cacheReadTokens: number;
  cacheWriteTokens: number;
  /** USD of the turns whose price is known. */
  costUsd: number;
  /** Turns that read or wrote tokens at a price that nobody knows. */
  unpricedTurns: number;
  /** Some tokens were counted from the texts, because the provider did not say. */
  estimated: boolean;
  /** Milliseconds of executions that ended. */
  sandboxMs: number;
  /** Of those executions, all their processes together. */
  cpuSeconds: number;
  /** The executions at work, and when each began. */
  executing: readonly { callId: string; since: string }[];
  /** Milliseconds of runs that ended. */
  clockMs: number;
  /** When the run at work began or went on; null while none is. */
  since: string | null;
}

export const noSpend: Spend = {
  turns: 0,
  inputTokens: 0,
  outputTokens: 0,
  cacheReadTokens: 0,
  cacheWriteTokens: 0,
  costUsd: 0,
  unpricedTurns: 0,
  estimated: false,
  sandboxMs: 0,
  cpuSeconds: 0,
  executing: [],
  clockMs: 0,
  since: null,
};

export function tokensOf(spend: Pick<Spend, "inputTokens" | "outputTokens" | "cacheReadTokens" | "cacheWriteTokens">) {
  return spend.inputTokens + spend.outputTokens + spend.cacheReadTokens + spend.cacheWriteTokens;
}

/** The share of the tokens read that came from the provider's cache; null when nothing was read. */
export function cachedShare({ inputTokens, cacheReadTokens, cacheWriteTokens }: Spend): number | null {
  const read = inputTokens + cacheReadTokens + cacheWriteTokens;
  return read > 0 ? cacheReadTokens / read : null;
}

/** Milliseconds of runs up to `now`. */
export function elapsedMs({ clockMs, since }: Spend, now: number): number {
  return clockMs + (since === null ? 0 : Math.max(0, now - Date.parse(since)));
}

/** Milliseconds of executions up to `now`. */
export function executedMs({ sandboxMs, executing }: Spend, now: number): number {
  return executing.reduce((sum, { since }) => sum + Math.max(0, now - Date.parse(since)), sandboxMs);
}

export function withTurn(before: Spend, event: EventOf<"UsageRecordedEvent">): Spend {
  const unpriced = event.costUsd === null && tokensOf(event) > 0;
  return {
    ...before,
    turns: before.turns + (event.broken ? 0 : 1),
    inputTokens: before.inputTokens + event.inputTokens,
    outputTokens: before.outputTokens + event.outputTokens,
    cacheReadTokens: before.cacheReadTokens + event.cacheReadTokens,
    cacheWriteTokens: before.cacheWriteTokens + event.cacheWriteTokens,
    costUsd: before.costUsd + (event.costUsd ?? 0),
    unpricedTurns: before.unpricedTurns + (unpriced ? 1 : 0),
    estimated: before.estimated || event.estimated,
  };
}

export function withExecution(before: Spend, callId: string, at: string | null): Spend {
  const others = before.executing.filter((one) => one.callId !== callId);
  return at === null ? before : { ...before, executing: [...others, { callId, since: at }] };
}

export function withoutExecution(before: Spend, callId: string, milliseconds = 0, cpuSeconds = 0): Spend {
  const executing = before.executing.filter((one) => one.callId !== callId);
  return {
    ...before,
    executing,
    sandboxMs: before.sandboxMs + milliseconds,
    cpuSeconds: before.cpuSeconds + cpuSeconds,
  };
}

export function withClock(before: Spend, at: string | null): Spend {
  return { ...before, since: before.since ?? at };
}

export function withoutClock(before: Spend, at: string | null): Spend {
  const clockMs = at === null ? before.clockMs : elapsedMs(before, Date.parse(at));
  return { ...before, clockMs, since: null, executing: [] };
}
