import { Hand, SendHorizontal, Square } from "lucide-react";
import { type KeyboardEvent, useId, useRef, useState } from "react";
import { graphql } from "@/api/gql";
import { cx } from "@/lib/cx";
import { useHotkey } from "@/lib/keys";
import { newKey } from "@/lib/new-key";
import { Button } from "@/ui/button";
import { Problems } from "@/ui/problems";
import { Cancel, useAsk } from "../mutations";

const Send = graphql(`
  mutation SendMessage($input: SendMessageInput!) {
    sendMessage(input: $input) {
      session {
        id
        ...StageStrip
        ...ChatSession
      }
      userErrors {
        message
        path
        code
        detail
      }
    }
  }
`);

/** What a message does now: steers the agent, is answered, waits for the next stage, or cannot be sent. */
export type Reach = "steers" | "answered" | "waits" | "closed";

interface Props {
  sessionId: string;
  reach: Reach;
  /** A message may stop what runs first. */
  interrupts: boolean;
  /** The agent is answering, and can be stopped. */
  stoppable: boolean;
}

const placeholders: Record<Reach, string> = {
  steers: "Steer the agent",
  answered: "Ask the agent",
  waits: "Write to the agent",
  closed: "Start a stage to talk to the agent",
};

export function Composer({ sessionId, reach, interrupts, stoppable }: Props) {
  const [text, setText] = useState("");
  const { ask, problems } = useAsk();
  const { ask: askToStop, busy: stopping, problems: refusals } = useAsk();
  const box = useRef<HTMLTextAreaElement>(null);
  const hintId = useId();
  const open = reach !== "closed";
  const empty = text.trim() === "";
  useHotkey("/", () => box.current?.focus());

  const submit = async (interrupt: boolean) => {
    const message = text.trim();
    if (message === "" || !open) return;
    // The box is free for the next message at once; one that was refused comes back unless something else stands there.
    setText("");
    const input = { sessionId, text: message, interrupt: interrupt && interrupts, idempotencyKey: newKey() };
    if (!(await ask(Send, input))) setText((now) => now || message);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== "Enter" || event.nativeEvent.isComposing) return;
    const command = event.metaKey || event.ctrlKey;
    if (event.shiftKey && !command) return;
    event.preventDefault();
    void submit(event.shiftKey && command);
  };

  return (
    <form
      className="flex shrink-0 flex-col gap-2 border-t border-line bg-surface p-3"
      onSubmit={(event) => {
        event.preventDefault();
        void submit(false);
      }}
    >
      <Problems of={[...problems, ...refusals]} />
      <textarea
        ref={box}
        aria-label="Message to the agent"
        aria-describedby={hintId}
        rows={1}
        value={text}
        disabled={!open}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={onKeyDown}
        placeholder={placeholders[reach]}
        className="field-sizing-content max-h-40 min-h-8 w-full resize-none rounded-sm border border-control bg-surface px-2.5 py-[5px] text-ui placeholder:text-faint disabled:border-line disabled:bg-sunken"
      />
      <div className="flex flex-wrap items-center justify-end gap-2">
        <p id={hintId} className={cx("min-w-40 flex-1 text-small text-muted", interrupts && "max-sm:basis-full")}>
          {hint(reach)}
        </p>
        {stoppable && (
          <Button icon={<Square size={14} />} disabled={stopping} onClick={() => void askToStop(Cancel, { sessionId })}>
            {stopping ? "Stopping…" : "Stop"}
          </Button>
        )}
        {interrupts && (
          <Button
            icon={<Hand size={14} />}
            disabled={empty}
            title="Stops what runs, then the agent reads this: ⌘⇧Enter or Ctrl Shift Enter"
            onClick={() => void submit(true)}
          >
            Interrupt and send
          </Button>
        )}
        <Button type="submit" look="primary" disabled={!open || empty} icon={<SendHorizontal size={14} />}>
          Send
        </Button>
      </div>
    </form>
  );
}

function hint(reach: Reach): string {
  switch (reach) {
    case "steers":
      return "The agent sees this at its next turn and loses no work.";
    case "answered":
      return "The agent answers, and may compute; the stages' results stay as they are.";
    case "waits":
      return "This agent does not answer: a message is kept for the next stage.";
    case "closed":
      return "";
  }
}
