/** From files or a sample to a session that runs: the three mutations that make one, in order. */
import type { Client } from "urql";
import { problemsOf, type UserError } from "@/api/errors";
import { graphql } from "@/api/gql";
import type { CreateExperimentInput, CreateSessionInput, Stage } from "@/api/gql/graphql";
import { newKey } from "@/lib/new-key";
import { noTerms, startTerms, type Terms } from "../terms/terms";

const CreateExperiment = graphql(`
  mutation CreateExperiment($input: CreateExperimentInput!) {
    createExperiment(input: $input) {
      experiment {
        id
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

export const CreateSession = graphql(`
  mutation CreateSession($input: CreateSessionInput!) {
    createSession(input: $input) {
      session {
        id
        experiment {
          id
        }
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

const BeginStage = graphql(`
  mutation BeginStage($input: StartStageInput!) {
    startStage(input: $input) {
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

export interface Begun {
  experimentId: string;
  sessionId: string;
}

export type Outcome<T> = { done: T; problems?: never } | { done?: never; problems: UserError[] };

const silence: UserError = { message: "the server gave no answer", path: [], code: "UNAVAILABLE", detail: null };

function refused(problems: UserError[]): { problems: UserError[] } {
  return { problems: problems.length > 0 ? problems : [silence] };
}

type Own = Pick<CreateSessionInput, "provider" | "model" | "effort">;

export async function openSession(client: Client, experimentId: string, own: Own = {}): Promise<Outcome<Begun>> {
  const answer = await client
    .mutation(CreateSession, { input: { experimentId, ...own, idempotencyKey: newKey() } })
    .toPromise();
  const session = answer.data?.createSession.session;
  if (!session) return refused(problemsOf(answer, answer.data?.createSession.userErrors));
  return { done: { experimentId, sessionId: session.id } };
}

/** Creates an experiment and its first session, which keeps the choice of model; `through` null leaves it to be started by hand. */
export async function begin(
  client: Client,
  input: CreateExperimentInput,
  through: Stage | null,
  terms: Terms = noTerms,
): Promise<Outcome<Begun>> {
  const created = await client.mutation(CreateExperiment, { input }).toPromise();
  const experiment = created.data?.createExperiment.experiment;
  if (!experiment) return refused(problemsOf(created, created.data?.createExperiment.userErrors));
  const { provider, model, effort } = terms;
  const opened = await openSession(client, experiment.id, { provider, model, effort });
  if (opened.problems || through === null) return opened;
  const { sessionId } = opened.done;
  // Where the start is refused, the session's own page shows why and offers it again.
  await client
    .mutation(BeginStage, {
      input: { sessionId, stage: "EDA", through, ...startTerms(terms, "EDA", through), idempotencyKey: newKey() },
    })
    .toPromise();
  return opened;
}
