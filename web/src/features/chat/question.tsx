import { MessageCircleQuestion } from "lucide-react";
import { type FormEvent, useState } from "react";
import { useMutation } from "urql";
import { problemsOf, sentence, type UserError } from "@/api/errors";
import { graphql } from "@/api/gql";
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
  const open = item.answer === null && answerable;
  return (
    <section aria-label="Question" className="mx-3 my-1 rounded-sm border border-accent bg-surface px-3 py-2">
      <p className="flex items-start gap-2 font-medium">
        <MessageCircleQuestion size={16} className="mt-0.5 shrink-0 text-accent" aria-hidden />
        {item.question}
      </p>
      {item.answer !== null && <p className="mt-1 text-muted">You answered: {item.answer}</p>}
      {open && (
        <form
          className="mt-2 flex flex-col gap-2"
          onSubmit={(event: FormEvent) => {
            event.preventDefault();
            void answer(text);
          }}
        >
          {item.options.length > 0 && (
            <div className="flex flex-wrap gap-2">
              {item.options.map((option) => (
                <Button key={option} disabled={fetching} onClick={() => void answer(option)}>
                  {option}
                </Button>
              ))}
            </div>
          )}
          <TextField
            label="Your answer"
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
