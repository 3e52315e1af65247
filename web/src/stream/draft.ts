/** A view in the making, and where an event stands in it. */
import type { SessionEvent } from "./events";
import type { Item, Placed, SessionView, ToolItem } from "./view";

/** What it holds is the old view's until `own` copies it, once for all events of a batch. */
export class Draft {
  readonly view: SessionView;
  readonly #owned = new Set<string>();

  constructor(before: SessionView) {
    this.view = { ...before };
  }

  items(): Item[] {
    if (!this.#owned.has("items")) {
      this.#owned.add("items");
      this.view.items = [...this.view.items];
    }
    return this.view.items as Item[];
  }

  map<Name extends "series" | "charts" | "runs">(name: Name) {
    type Value = SessionView[Name] extends ReadonlyMap<string, infer V> ? V : never;
    if (!this.#owned.has(name)) {
      this.#owned.add(name);
      this.view[name] = new Map(this.view[name] as ReadonlyMap<string, Value>) as unknown as SessionView[Name];
    }
    return this.view[name] as unknown as Map<string, Value>;
  }

  push(item: Item) {
    this.items().push(item);
  }

  /** Replaces the newest tool call named `callId`; a call that never started is left alone. */
  tool(callId: string, change: (item: ToolItem) => ToolItem) {
    const at = this.view.items.findLastIndex((item) => item.kind === "tool" && item.callId === callId);
    const item = this.view.items[at];
    if (item?.kind === "tool") this.items()[at] = change(item);
  }
}

export function place({ view }: Draft, { seq, at, stageRunId }: SessionEvent): Placed {
  const key = seq === null ? `live ${view.seq} ${view.items.length}` : String(seq);
  return { key, at, run: stageRunId, stage: (stageRunId && view.runs.get(stageRunId)) || null };
}
