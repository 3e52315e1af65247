/** The conversation: everything the agent said and did, in order, and a place to answer. */
import { useNavigate } from "@tanstack/react-router";
import { ArrowDown, MessageSquare } from "lucide-react";
import { useCallback } from "react";
import { type FragmentType, graphql, readFragment } from "@/api/gql";
import { formatCount } from "@/lib/format";
import { useStream, useView } from "@/stream/use-session";
import type { Item } from "@/stream/view";
import { Button } from "@/ui/button";
import { Empty, Failure, Skeleton } from "@/ui/pane";
import { useStreamTrouble } from "../studio/use-trouble";
import { Composer, type Reach } from "./composer";
import { ItemView, Streaming } from "./items";
import { Plan } from "./plan";
import { SpendMeter } from "./spend-meter";
import { useFollow } from "./use-follow";

const ChatSessionFragment = graphql(`
  fragment ChatSession on Session {
    id
    state
    converses
    answering
    allows {
      retry
      cancel
      message
      answer
      resume
      approve
      interrupt
      setBudgets
    }
  }
`);

export function Chat({ session }: { session: FragmentType<typeof ChatSessionFragment> }) {
  const { id, state, allows, answering, converses } = readFragment(ChatSessionFragment, session);
  const stream = useStream();
  const trouble = useStreamTrouble();
  const items = useView((view) => view.items);
  const provisional = useView((view) => view.provisional);
  const caughtUp = useView((view) => view.caughtUp);
  const base = useView((view) => view.filesBase);
  const { scroller, content, behind, follow } = useFollow(items.length);
  const running = state.endsWith("_RUNNING");
  const navigate = useNavigate({ from: "/e/$experiment/s/$session" });
  const openFile = useCallback(
    (file: string) => void navigate({ search: (old) => ({ ...old, tab: "files", file, pane: "canvas" }) }),
    [navigate],
  );

  const reach: Reach = !allows.message ? "closed" : running || answering ? "steers" : converses ? "answered" : "waits";
  const standing = items.findLast(
    ({ kind }) => kind === "stage-start" || kind === "stage-resume" || kind === "stage-end",
  );
  const nothing = items.length === 0 && !provisional;
  return (
    <section aria-label="Chat" className="flex min-h-0 flex-1 flex-col">
      <Plan />
      <div className="relative flex min-h-0 flex-1 flex-col">
        <div
          ref={scroller}
          className="min-h-0 flex-1 overflow-y-auto"
          tabIndex={0}
          role="log"
          aria-label="Conversation"
        >
          <div ref={content} className="flex flex-col gap-1 py-3">
            {nothing && trouble && (
              <Failure title="The session's log could not be read" trouble={trouble} retry={stream.retry} />
            )}
            {nothing && !trouble && !caughtUp && <Skeleton />}
            {nothing && !trouble && caughtUp && (
              <Empty icon={<MessageSquare size={28} aria-hidden />} title="Nothing has happened yet">
                Start a stage above. What the agent says, runs and makes appears here as it happens.
              </Empty>
            )}
            {items.map((item) => (
              <ItemView
                key={item.key}
                item={item}
                sessionId={id}
                base={base}
                onOpenFile={openFile}
                allows={allows}
                last={item === standing}
                waits={reach === "waits"}
              />
            ))}
            {provisional && <Streaming text={provisional.text} base={base} />}
            {(running || answering) && !provisional && caughtUp && (
              <Working items={items} word={answering ? "answering" : "thinking"} />
            )}
          </div>
        </div>
        {behind !== null && (
          <Button
            icon={<ArrowDown size={14} />}
            onClick={follow}
            className="absolute bottom-3 left-1/2 -translate-x-1/2 rounded-full"
          >
            {behind > 0 ? `${formatCount(behind)} new` : "To the newest"}
          </Button>
        )}
      </div>
      <SpendMeter sessionId={id} settable={allows.setBudgets} />
      <Composer sessionId={id} reach={reach} interrupts={allows.interrupt} stoppable={answering && allows.cancel} />
    </section>
  );
}

/** Says that the agent is at work while nothing else on the page moves. */
function Working({ items, word }: { items: readonly Item[]; word: string }) {
  const busy = items.some(
    (item) => (item.kind === "tool" && item.state === "running") || (item.kind === "question" && item.state === "open"),
  );
  if (busy) return null;
  return (
    <p role="status" className="flex items-center gap-2 px-4 py-2 text-muted">
      <span className="size-1.5 animate-pulse rounded-full bg-info" aria-hidden />
      The agent is {word}…
    </p>
  );
}
