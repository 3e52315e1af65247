/** Data sets that come with the server, each a click away from a whole run. */
import { useNavigate } from "@tanstack/react-router";
import { Play } from "lucide-react";
import { useState } from "react";
import { useClient, useQuery } from "urql";
import { sentence, troubleFrom, type UserError } from "@/api/errors";
import { graphql, readFragment } from "@/api/gql";
import type { SampleCardFragment as Sample } from "@/api/gql/graphql";
import { formatCount } from "@/lib/format";
import { newKey } from "@/lib/new-key";
import { Button } from "@/ui/button";
import { Failure, Skeleton } from "@/ui/pane";
import { taskName } from "../words";
import { begin } from "./begin";

const SampleCard = graphql(`
  fragment SampleCard on Sample {
    id
    title
    description
    rows
    columns
    target
    task
    source
    licence
    instructions
  }
`);

const SamplesQuery = graphql(`
  query Samples {
    samples {
      id
      ...SampleCard
    }
  }
`);

export function Samples() {
  const [{ data, error }, again] = useQuery({ query: SamplesQuery });
  return (
    <section aria-labelledby="samples">
      <h2 id="samples" className="text-lead font-semibold">
        Samples
      </h2>
      <p className="mb-3 text-muted">Real data sets that come with Trainable. One click runs all three stages.</p>
      {data ? (
        <ul className="grid gap-3 sm:grid-cols-2 lg:grid-cols-3">
          {data.samples.map((sample) => (
            <Card key={sample.id} sample={readFragment(SampleCard, sample)} />
          ))}
        </ul>
      ) : error ? (
        <Failure title="The samples could not be read" trouble={troubleFrom(error)} retry={() => again()} />
      ) : (
        <Skeleton lines={3} />
      )}
    </section>
  );
}

function Card({ sample }: { sample: Sample }) {
  const client = useClient();
  const navigate = useNavigate();
  const [busy, setBusy] = useState(false);
  const [problems, setProblems] = useState<UserError[]>([]);

  const start = async () => {
    setBusy(true);
    setProblems([]);
    const { id, title, target, instructions } = sample;
    const input = { name: title, target, instructions, source: { sampleId: id }, idempotencyKey: newKey() };
    const outcome = await begin(client, input, "TRAIN");
    setBusy(false);
    if (outcome.problems) return setProblems(outcome.problems);
    const { experimentId, sessionId } = outcome.done;
    void navigate({ to: "/e/$experiment/s/$session", params: { experiment: experimentId, session: sessionId } });
  };

  return (
    <li className="flex flex-col gap-2 rounded-lg border border-line bg-surface p-4">
      <h3 className="font-semibold">{sample.title}</h3>
      <p className="flex-1 text-muted">{sample.description}</p>
      <dl className="grid grid-cols-[auto_1fr] gap-x-3 text-small">
        <dt className="text-muted">Size</dt>
        <dd>
          {formatCount(sample.rows)} rows × {formatCount(sample.columns)} columns
        </dd>
        <dt className="text-muted">Target</dt>
        <dd className="truncate">
          <code className="font-mono">{sample.target}</code>, {taskName[sample.task]}
        </dd>
        <dt className="text-muted">Source</dt>
        <dd className="truncate" title={sample.source}>
          {sample.source}
        </dd>
        <dt className="text-muted">Licence</dt>
        <dd className="truncate">{sample.licence}</dd>
      </dl>
      {problems.map((problem) => (
        <p key={problem.message} role="alert" className="text-small text-error">
          {sentence(problem.message)}
        </p>
      ))}
      <Button icon={<Play size={14} />} onClick={() => void start()} disabled={busy} className="self-start">
        {busy ? "Reading the table…" : "Run"}
        <span className="sr-only"> {sample.title}</span>
      </Button>
    </li>
  );
}
