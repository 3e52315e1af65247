/** What went wrong, in the words of the server where it said some. */
import type { CombinedError } from "urql";
import type { Trouble } from "@/ui/pane";
import type { UserErrorCode } from "./gql/graphql";

export interface UserError {
  message: string;
  path: string[];
  code: UserErrorCode;
  detail: string | null;
}

export function troubleFrom(error: CombinedError): Trouble {
  const [first] = error.graphQLErrors;
  if (first) {
    const { code, trace_id, traceId } = first.extensions as { code?: string; trace_id?: string; traceId?: string };
    return { message: first.message, detail: [code, trace_id ?? traceId].filter(Boolean).join(" ") || undefined };
  }
  return { message: "The server cannot be reached.", detail: error.networkError?.message };
}

/** What a mutation's answer says is wrong: its own user errors first, then the transport's. */
export function problemsOf(
  result: { error?: CombinedError | undefined },
  userErrors: UserError[] | undefined,
): UserError[] {
  if (userErrors && userErrors.length > 0) return userErrors;
  if (!result.error) return [];
  const { message, detail } = troubleFrom(result.error);
  return [{ message, path: [], code: "UNAVAILABLE", detail: detail ?? null }];
}

/** A sentence as people write it: the server's own start small and end bare. */
export function sentence(message: string): string {
  const text = message.trim();
  const capital = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?…:]$/.test(capital) ? capital : `${capital}.`;
}
