/**
 * One session's live view: subscription -> fold -> at most one notice to React per animation frame.
 *
 * A reconnect asks for what came after the last event folded in. A stream that nobody reads closes after a moment and
 * keeps its view, so that coming back goes on where it left.
 */
import { stringifyDocument } from "urql";
import type { SessionEventsSubscription } from "@/api/gql/graphql";
import { socket } from "@/api/socket";
import type { Trouble } from "@/ui/pane";
import { type SessionEvent, SessionEvents } from "./events";
import { fold } from "./fold";
import { emptyView, type SessionView } from "./view";

export interface Snapshot {
  view: SessionView;
  trouble: Trouble | null;
}

export interface Stream {
  get: () => Snapshot;
  subscribe: (listener: () => void) => () => void;
  /** Asks again after a failure. */
  retry: () => void;
}

const query = stringifyDocument(SessionEvents);
const LINGER_MS = 5000;
const AGAIN_MS = 1000;
const KEPT = 4;

/** Runs `work` with the next frame, or soon in a page that draws none because it is hidden. */
function nextFrame(work: () => void): void {
  let done = false;
  const once = () => {
    if (done) return;
    done = true;
    cancelAnimationFrame(frame);
    clearTimeout(timer);
    work();
  };
  const frame = requestAnimationFrame(once);
  const timer = setTimeout(once, 500);
}

function open(sessionId: string): Stream {
  let snapshot: Snapshot = { view: emptyView, trouble: null };
  let pending: SessionEvent[] = [];
  let caughtUp = false;
  let scheduled = false;
  let stop: (() => void) | undefined;
  let linger: ReturnType<typeof setTimeout> | undefined;
  let heard = 0;
  const listeners = new Set<() => void>();

  const show = (next: Snapshot) => {
    snapshot = next;
    for (const listener of listeners) listener();
  };
  const flush = () => {
    scheduled = false;
    const events = pending;
    pending = [];
    show({ view: fold(snapshot.view, events, caughtUp), trouble: null });
  };
  const receive = (batch: SessionEventsSubscription["sessionEvents"]) => {
    for (const event of batch.events) {
      pending.push(event);
      if (event.seq !== null) heard = Math.max(heard, event.seq);
    }
    caughtUp = batch.caughtUp;
    if (scheduled) return;
    scheduled = true;
    nextFrame(flush);
  };
  const start = () => {
    if (stop) return;
    const variables = {
      sessionId,
      // Read anew whenever the connection is made anew, so that nothing is missed or sent twice.
      get after() {
        return heard;
      },
    };
    const end = socket.subscribe<SessionEventsSubscription>(
      { query, variables },
      {
        next: ({ data, errors }) => {
          if (data) receive(data.sessionEvents);
          else if (errors) show({ ...snapshot, trouble: troubleOf(errors) });
        },
        error: (error) => {
          stop = undefined;
          show({ ...snapshot, trouble: troubleOf(error) });
        },
        complete: () => {
          // The server ends a stream only when it goes away or the reader was too slow: go on after the last event.
          if (stop !== end) return;
          stop = undefined;
          setTimeout(() => {
            if (listeners.size > 0) start();
          }, AGAIN_MS);
        },
      },
    );
    stop = end;
  };

  return {
    get: () => snapshot,
    subscribe: (listener) => {
      clearTimeout(linger);
      listeners.add(listener);
      if (!snapshot.trouble) start();
      return () => {
        listeners.delete(listener);
        if (listeners.size > 0) return;
        linger = setTimeout(() => {
          const end = stop;
          stop = undefined;
          end?.();
        }, LINGER_MS);
      };
    },
    retry: () => {
      show({ ...snapshot, trouble: null });
      start();
    },
  };
}

function troubleOf(error: unknown): Trouble {
  if (Array.isArray(error)) {
    const [first] = error as { message: string; extensions?: Record<string, unknown> }[];
    const trace = first?.extensions?.trace_id ?? first?.extensions?.traceId;
    return { message: first?.message ?? "the server refused", detail: trace ? `trace ${String(trace)}` : undefined };
  }
  if (error instanceof CloseEvent) {
    return { message: error.reason || "the server closed the live connection", detail: `close code ${error.code}` };
  }
  return { message: error instanceof Error ? error.message : "the live connection failed" };
}

const streams = new Map<string, Stream>();

/** The stream of a session, the same one for every reader. */
export function streamOf(sessionId: string): Stream {
  const known = streams.get(sessionId);
  if (known) return known;
  const stream = open(sessionId);
  streams.set(sessionId, stream);
  const [oldest] = streams.keys();
  if (streams.size > KEPT && oldest !== undefined) streams.delete(oldest);
  return stream;
}
