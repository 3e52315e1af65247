/** What can be asked of a session that is there, and one way to ask it. */
import type { TypedDocumentNode } from "@graphql-typed-document-node/core";
import { useState } from "react";
import { useClient } from "urql";
import { problemsOf, type UserError } from "@/api/errors";
import { graphql } from "@/api/gql";

export const Start = graphql(`
  mutation StartStage($input: StartStageInput!) {
    startStage(input: $input) {
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

export const Cancel = graphql(`
  mutation CancelSession($input: CancelSessionInput!) {
    cancelSession(input: $input) {
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

export const Retry = graphql(`
  mutation RetryStage($input: RetryStageInput!) {
    retryStage(input: $input) {
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

export const Resume = graphql(`
  mutation ResumeStage($input: ResumeStageInput!) {
    resumeStage(input: $input) {
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

export const Approve = graphql(`
  mutation ApproveStage($input: ApproveStageInput!) {
    approveStage(input: $input) {
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

export const SetBudgets = graphql(`
  mutation SetBudgets($input: SetBudgetsInput!) {
    setBudgets(input: $input) {
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

function userErrorsOf(data: object | undefined): UserError[] {
  return Object.values(data ?? {}).flatMap((payload: { userErrors?: UserError[] } | null) => payload?.userErrors ?? []);
}

/** `ask` sends a mutation and answers whether it was taken; what it was refused for stands until the next one. */
export function useAsk() {
  const client = useClient();
  const [busy, setBusy] = useState(false);
  const [problems, setProblems] = useState<UserError[]>([]);
  const ask = async <Data extends object, Input>(
    document: TypedDocumentNode<Data, { input: Input }>,
    input: Input,
  ): Promise<boolean> => {
    setBusy(true);
    const result = await client.mutation<Data, { input: Input }>(document, { input }).toPromise();
    setBusy(false);
    const found = problemsOf(result, userErrorsOf(result.data));
    setProblems(found);
    return found.length === 0;
  };
  return { ask, busy, problems };
}
