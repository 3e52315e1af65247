import { SendHorizontal } from "lucide-react";
import { type KeyboardEvent, useRef, useState } from "react";
import { useMutation } from "urql";
import { problemsOf, sentence, type UserError } from "@/api/errors";
import { graphql } from "@/api/gql";
import { useHotkey } from "@/lib/keys";
import { newKey } from "@/lib/new-key";
import { Button } from "@/ui/button";

const Send = graphql(`
  mutation SendMessage($input: SendMessageInput!) {
    sendMessage(input: $input) {
      session {
        id
        state
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

interface Props {
  sessionId: string;
  /** Whether the session takes a message now. */
  open: boolean;
  running: boolean;
}

export function Composer({ sessionId, open, running }: Props) {
  const [text, setText] = useState("");
  const [problems, setProblems] = useState<UserError[]>([]);
  const [{ fetching }, send] = useMutation(Send);
  const box = useRef<HTMLTextAreaElement>(null);
  useHotkey("/", () => box.current?.focus());

  const submit = async () => {
    const message = text.trim();
    if (!message || !open || fetching) return;
    const result = await send({ input: { sessionId, text: message, idempotencyKey: newKey() } });
    const found = problemsOf(result, result.data?.sendMessage.userErrors);
    setProblems(found);
    if (found.length === 0) setText("");
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== "Enter" || event.shiftKey || event.nativeEvent.isComposing) return;
    event.preventDefault();
    void submit();
  };

  return (
    <form
      className="shrink-0 border-t border-line bg-surface p-3"
      onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
    >
      {problems.map((problem) => (
        <p key={problem.message} role="alert" className="mb-2 text-small text-error">
          {sentence(problem.message)}
        </p>
      ))}
      <div className="flex items-end gap-2">
        <textarea
          ref={box}
          aria-label="Message to the agent"
          rows={1}
          value={text}
          disabled={!open}
          onChange={(event) => setText(event.target.value)}
          onKeyDown={onKeyDown}
          placeholder={
            open
              ? running
                ? "Steer the agent: it reads this at its next turn"
                : "Write to the agent"
              : "Start a stage to talk to the agent"
          }
          className="field-sizing-content max-h-40 min-h-8 flex-1 resize-none rounded-sm border border-control bg-surface px-2.5 py-[5px] text-ui placeholder:text-faint disabled:border-line disabled:bg-sunken"
        />
        <Button
          type="submit"
          look="primary"
          disabled={!open || fetching || text.trim() === ""}
          icon={<SendHorizontal size={14} />}
        >
          Send
        </Button>
      </div>
    </form>
  );
}
