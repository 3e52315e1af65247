/** One experiment: what it is made of and every session of it. */
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { Plus } from "lucide-react";
import { useState } from "react";
import { useClient, useQuery, useSubscription } from "urql";
import { sentence, troubleFrom, type UserError } from "@/api/errors";
import { graphql } from "@/api/gql";
import { useNow } from "@/lib/browser";
import { formatValue, formatWhen } from "@/lib/format";
import { Button } from "@/ui/button";
import { Empty, Failure, Skeleton } from "@/ui/pane";
import { StateBadge } from "../words";
import { openSession } from "./begin";

const ExperimentQuery = graphql(`
  query ExperimentPage($id: ID!) {
    experiment(id: $id) {
      id
      name
      instructions
      target
      createdAt
      sessions(first: 100) {
        totalCount
        nodes {
          id
          state
          createdAt
          result {
            bestModel
            metrics {
              name
              value
            }
          }
        }
      }
    }
  }
`);

const ExperimentPageChanged = graphql(`
  subscription ExperimentPageChanged {
    experimentChanged {
      experimentId
    }
  }
`);

export function ExperimentPage() {
  const { experiment: id } = useParams({ from: "/e/$experiment" });
  const [{ data, error }, again] = useQuery({
    query: ExperimentQuery,
    variables: { id },
    requestPolicy: "cache-and-network",
  });
  const client = useClient();
  const navigate = useNavigate();
  const now = useNow(true);
  const [problems, setProblems] = useState<UserError[]>([]);
  useSubscription({ query: ExperimentPageChanged });

  if (!data) {
    if (!error) return <Skeleton />;
    return <Failure title="The experiment could not be read" trouble={troubleFrom(error)} retry={() => again()} />;
  }
  const { experiment } = data;
  if (!experiment) {
    return (
      <Empty title="There is no such experiment">
        It may have been deleted.{" "}
        <Link to="/" className="text-accent underline">
          Go to the experiments
        </Link>
      </Empty>
    );
  }

  const add = async () => {
    const outcome = await openSession(client, id);
    if (outcome.problems) return setProblems(outcome.problems);
    void navigate({ to: "/e/$experiment/s/$session", params: { experiment: id, session: outcome.done.sessionId } });
  };

  return (
    <div className="min-h-0 flex-1 overflow-y-auto">
      <div className="mx-auto flex w-full max-w-4xl flex-col gap-4 px-4 py-6">
        <div className="flex items-start gap-3">
          <div className="min-w-0 flex-1">
            <h1 className="truncate text-title font-semibold">{experiment.name}</h1>
            <p className="text-muted">
              {experiment.target ? `Target ${experiment.target}. ` : ""}
              {experiment.instructions}
            </p>
          </div>
          <Button look="primary" icon={<Plus size={14} />} onClick={() => void add()}>
            New session
          </Button>
        </div>
        {problems.map((problem) => (
          <p key={problem.message} role="alert" className="text-error">
            {sentence(problem.message)}
          </p>
        ))}
        <h2 className="text-lead font-semibold">Sessions</h2>
        <ul className="overflow-hidden rounded-lg border border-line bg-surface">
          {experiment.sessions.nodes.map((session) => {
            const [metric] = session.result?.metrics ?? [];
            return (
              <li key={session.id} className="border-t border-line first:border-t-0">
                <Link
                  to="/e/$experiment/s/$session"
                  params={{ experiment: id, session: session.id }}
                  className="flex items-center gap-4 px-4 py-2.5 transition-colors hover:bg-hover"
                >
                  <span className="w-36">
                    <StateBadge state={session.state} />
                  </span>
                  <span className="min-w-0 flex-1 truncate">
                    {metric && metric.value !== null
                      ? `${formatValue(metric.value)} ${metric.name} · ${session.result?.bestModel ?? ""}`
                      : "no model yet"}
                  </span>
                  <time dateTime={session.createdAt} className="text-small text-muted">
                    {formatWhen(new Date(session.createdAt), new Date(now))}
                  </time>
                </Link>
              </li>
            );
          })}
          {experiment.sessions.nodes.length === 0 && (
            <Empty title="No session yet">A session is one pass through the stages.</Empty>
          )}
        </ul>
      </div>
    </div>
  );
}
