/** Takes in a transcript file, so that provider `replay` can play it. */
import { FileUp, History } from "lucide-react";
import { useRef, useState } from "react";
import { useClient, useMutation } from "urql";
import { problemsOf, type UserError } from "@/api/errors";
import { graphql } from "@/api/gql";
import type { ImportTranscriptMutation } from "@/api/gql/graphql";
import { sendUpload } from "@/api/send-upload";
import { formatPercent, plural } from "@/lib/format";
import { newKey } from "@/lib/new-key";
import { Button } from "@/ui/button";
import { Problems } from "@/ui/problems";
import { stageName } from "../words";
import { choiceWords } from "./terms";

const Import = graphql(`
  mutation ImportTranscript($input: ImportTranscriptInput!) {
    importTranscript(input: $input) {
      transcript {
        name
        stages
        turns
        provider
        model
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

type Transcript = NonNullable<ImportTranscriptMutation["importTranscript"]["transcript"]>;

export function ImportTranscript({ onImported }: { onImported: (name: string) => void }) {
  const client = useClient();
  const [, take] = useMutation(Import);
  const picker = useRef<HTMLInputElement>(null);
  const [share, setShare] = useState<number | null>(null);
  const [problems, setProblems] = useState<Pick<UserError, "message">[]>([]);
  const [taken, setTaken] = useState<Transcript | null>(null);

  const send = async (file: File) => {
    setProblems([]);
    setTaken(null);
    setShare(0);
    const sent = await sendUpload(client, file, setShare);
    if ("message" in sent) {
      setShare(null);
      return setProblems([sent]);
    }
    const answer = await take({ input: { uploadId: sent.uploadId, idempotencyKey: newKey() } });
    const transcript = answer.data?.importTranscript.transcript ?? null;
    setShare(null);
    setTaken(transcript);
    if (transcript) return onImported(transcript.name);
    setProblems(problemsOf(answer, answer.data?.importTranscript.userErrors));
  };

  return (
    <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
      <Button
        look="quiet"
        className="-ml-2 h-7 px-2"
        icon={<FileUp size={14} aria-hidden />}
        disabled={share !== null}
        onClick={() => picker.current?.click()}
      >
        {share === null ? "Play a transcript…" : `Reading it: ${formatPercent(share)}`}
      </Button>
      <input
        ref={picker}
        type="file"
        hidden
        aria-label="Transcript"
        accept=".json,application/json"
        onChange={(event) => {
          const file = event.target.files?.[0];
          event.target.value = "";
          if (file) void send(file);
        }}
      />
      {taken && (
        <p role="status" className="flex min-w-0 items-center gap-1.5 text-small text-muted">
          <History size={12} className="shrink-0" aria-hidden />
          <span className="min-w-0 [overflow-wrap:anywhere]">
            {taken.stages.map((stage) => stageName[stage]).join(", ")} in {plural(taken.turns, "turn")}
            {taken.provider && `, recorded with ${choiceWords(taken.provider, taken.model, null)}`}
          </span>
        </p>
      )}
      <Problems of={problems} />
    </div>
  );
}
