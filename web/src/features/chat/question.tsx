import { MessageCircleQuestion, Timer } from "lucide-react";
import { type FormEvent, useState } from "react";
import { useMutation } from "urql";
import { problemsOf, sentence, type UserError } from "@/api/errors";
import { graphql } from "@/api/gql";
import { useNow } from "@/lib/browser";
import { cx } from "@/lib/cx";
import { formatClock, formatDuration } from "@/lib/format";
import type { QuestionItem } from "@/stream/view";
import { Button } from "@/ui/button";
import { TextField } from "@/ui/field";

const Answer = graphql(`
  mutation AnswerQuestion($input: AnswerQuestionInput!) {
    answerQuestion(input: $input) {
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
  item: QuestionItem;
  sessionId: string;
  answerable: boolean;
}

export function Question({ item, sessionId, answerable }: Props) {
  const [text, setText] = useState("");
  const [problems, setProblems] = useState<UserError[]>([]);
  const [{ fetching }, send] = useMutation(Answer);
  const answer = async (value: string) => {
    const result = await send({ input: { sessionId, callId: item.callId, answer: value } });
    setProblems(problemsOf(result, result.data?.answerQuestion.userErrors));
  };
  const open = item.state === "open" && answerable;
  return (
    <section
      aria-label="Question"
      className={cx("mx-3 my-1 rounded-sm border bg-surface px-3 py-2", open ? "border-accent" : "border-line")}
    >
      <p className="flex items-start gap-2 font-medium">
        <MessageCircleQuestion
          size={16}
          className={cx("mt-0.5 shrink-0", open ? "text-accent" : "text-muted")}
          aria-hidden
        />
        <span className="min-w-0 [overflow-wrap:anywhere]">{item.question}</span>
      </p>
      {open && item.deadline && <Countdown deadline={item.deadline} fallback={item.default} />}
      {!open && <Outcome item={item} />}
      {open && (
        <form
          className="mt-2 flex flex-col gap-2"
          onSubmit={(event: FormEvent) => {
            event.preventDefault();
            void answer(text.trim());
          }}
        >
          {item.options.length > 0 && (
            <div className="flex flex-wrap gap-2">
              {item.options.map((option) => (
                <Button
                  key={option}
                  disabled={fetching}
                  onClick={() => void answer(option)}
                  className="h-auto min-h-8 max-w-full shrink py-1 text-left whitespace-normal"
                >
                  {option}
                  {option === item.default && <span className="text-small text-muted">default</span>}
                </Button>
              ))}
            </div>
          )}
          <TextField
            label={item.options.length > 0 ? "Or in your own words" : "Your answer"}
            value={text}
            onChange={(event) => setText(event.target.value)}
            error={problems[0] && sentence(problems[0].message)}
          />
          <Button type="submit" look="primary" disabled={fetching || text.trim() === ""} className="self-start">
            Answer
          </Button>
        </form>
      )}
    </section>
  );
}

/** How long there is to answer, and what happens then. */
function Countdown({ deadline, fallback }: { deadline: string; fallback: string | null }) {
  const now = useNow(true);
  const left = Date.parse(deadline) - now;
  const then = fallback === null ? "the agent goes on by itself" : `the agent goes on with “${fallback}”`;
  return (
    <p className="mt-1 flex items-start gap-2 text-small text-muted">
      <Timer size={14} className="mt-px shrink-0" aria-hidden />
      <span>
        {left > 0 ? (
          <>
            <span className={cx("font-medium", left < 60_000 ? "text-warn" : "text-fg")}>{formatDuration(left)}</span>{" "}
            left; after that {then}.
          </>
        ) : (
          `Time is up: ${then}.`
        )}
      </span>
    </p>
  );
}

function Outcome({ item: { state, answer, at, deadline } }: { item: QuestionItem }) {
  switch (state) {
    case "answered":
      return <p className="mt-1 text-muted [overflow-wrap:anywhere]">You answered: {answer}</p>;
    case "expired":
      return (
        <p className="mt-1 text-muted [overflow-wrap:anywhere]">
          No answer came{deadline && ` until ${formatClock(new Date(deadline))}`}: the agent went on with “{answer}”.
        </p>
      );
    case "dropped":
      return <p className="mt-1 text-muted">The stage ended before an answer came.</p>;
    case "open":
      return (
        <p className="mt-1 text-muted">Asked{at && ` at ${formatClock(new Date(at))}`}; it takes no answer now.</p>
      );
  }
}
