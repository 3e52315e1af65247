/** One session, live: what the agent says and does on the left, what it made on the right. */
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { MessageSquare, PanelRight, TriangleAlert, WifiOff } from "lucide-react";
import { useEffect } from "react";
import { useQuery } from "urql";
import { connection } from "@/api/connection";
import { sentence, troubleFrom } from "@/api/errors";
import { graphql } from "@/api/gql";
import type { StudioQuery as Data } from "@/api/gql/graphql";
import { useMedia } from "@/lib/browser";
import { useExternal } from "@/lib/external";
import { streamOf } from "@/stream/stream";
import { StreamContext, useStream, useView } from "@/stream/use-session";
import { Button } from "@/ui/button";
import { Empty, Failure, Notice, Skeleton } from "@/ui/pane";
import { Split } from "@/ui/split";
import { Tabs } from "@/ui/tabs";
import { Chat } from "../chat/chat";
import { EnvironmentNotice } from "../environment-notice";
import { Canvas } from "./canvas";
import { StageStrip } from "./stage-strip";
import { useStreamTrouble } from "./use-trouble";

const StudioQuery = graphql(`
  query Studio($id: ID!) {
    session(id: $id) {
      id
      state
      experiment {
        id
        name
        target
      }
      ...StageStrip
      ...ChatSession
      ...CanvasSession
    }
  }
`);

export type StudioSession = NonNullable<Data["session"]>;

export function Studio() {
  const { session: id } = useParams({ from: "/e/$experiment/s/$session" });
  return (
    <StreamContext value={streamOf(id)} key={id}>
      <Loaded id={id} />
    </StreamContext>
  );
}

function Loaded({ id }: { id: string }) {
  const [{ data, error }, again] = useQuery({
    query: StudioQuery,
    variables: { id },
    requestPolicy: "cache-and-network",
  });
  // What the session allows is the server's to say: ask again after every event that changes it.
  const stateSeq = useView((view) => (view.caughtUp ? view.stateSeq : 0));
  useEffect(() => {
    if (stateSeq > 0) again({ requestPolicy: "network-only" });
  }, [stateSeq, again]);

  if (!data) {
    if (!error) return <Skeleton />;
    return <Failure title="The session could not be read" trouble={troubleFrom(error)} retry={() => again()} />;
  }
  if (!data.session) {
    return (
      <Empty title="There is no such session">
        It may have been deleted.{" "}
        <Link to="/" className="text-accent underline">
          Go to the experiments
        </Link>
      </Empty>
    );
  }
  return <Panes session={data.session} />;
}

function Panes({ session }: { session: StudioSession }) {
  const wide = useMedia("(min-width: 900px)");
  const chat = <Chat session={session} />;
  const canvas = <Canvas session={session} />;
  return (
    <>
      <StageStrip session={session} title={session.experiment} />
      <Liveness />
      <EnvironmentNotice />
      {wide ? <Split label="Width of the chat" left={chat} right={canvas} /> : <Narrow chat={chat} canvas={canvas} />}
    </>
  );
}

function Narrow({ chat, canvas }: { chat: React.ReactNode; canvas: React.ReactNode }) {
  const { pane } = useSearch({ from: "/e/$experiment/s/$session" });
  const navigate = useNavigate({ from: "/e/$experiment/s/$session" });
  return (
    <Tabs
      label="Chat or canvas"
      value={pane ?? "chat"}
      onChange={(value) =>
        void navigate({
          search: ({ pane: _old, ...rest }) => (value === "canvas" ? { ...rest, pane: "canvas" } : rest),
          replace: true,
        })
      }
      tabs={[
        { value: "chat", label: "Chat", icon: <MessageSquare size={14} aria-hidden /> },
        { value: "canvas", label: "Canvas", icon: <PanelRight size={14} aria-hidden /> },
      ]}
    >
      {pane === "canvas" ? canvas : chat}
    </Tabs>
  );
}

/** One line under the strip when what is shown may not be the newest. */
function Liveness() {
  const stream = useStream();
  const trouble = useStreamTrouble();
  const state = useExternal(connection);
  const caughtUp = useView((view) => view.caughtUp);
  if (trouble) {
    return (
      <Notice tone="error" icon={<TriangleAlert size={14} aria-hidden />}>
        Live updates stopped: {sentence(trouble.message)}{" "}
        <Button look="quiet" className="h-6" onClick={stream.retry}>
          Try again
        </Button>
      </Notice>
    );
  }
  if (state === "reconnecting" && caughtUp) {
    return (
      <Notice tone="warn" icon={<WifiOff size={14} aria-hidden />}>
        The connection is down. What you see may be old; it catches up by itself.
      </Notice>
    );
  }
  return null;
}
