/** Raises or lowers the budgets of the run at work, or those of a stage that is to go on. */
import { useState } from "react";
import { useQuery } from "urql";
import { graphql } from "@/api/gql";
import { formatCompact, formatDuration, formatMoney, formatPercent, plural } from "@/lib/format";
import { newKey } from "@/lib/new-key";
import { useView } from "@/stream/use-session";
import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { Problems } from "@/ui/problems";
import { Resume, SetBudgets, useAsk } from "../mutations";
import { BudgetFields } from "./budget-fields";
import { type BudgetDraft, budgetSentence, budgets, changedBudgets, draftOf, raised } from "./budgets";

const SpentQuery = graphql(`
  query Spent($id: ID!) {
    session(id: $id) {
      id
      spent {
        turns
        tokens
        costUsd
        seconds
        sandboxSeconds
        cachedShare
        estimated
      }
    }
  }
`);

interface Props {
  sessionId: string;
  /** The budget that ended the stage: then the stage goes on with what is set. */
  exceeded?: { budget: string; limit: number };
  onClose: () => void;
}

export function BudgetsDialog({ sessionId, exceeded, onClose }: Props) {
  const held = useView((view) => view.budgets);
  const first = budgets.find(({ name }) => name === exceeded?.budget);
  const [draft, setDraft] = useState<BudgetDraft>(() => ({
    ...(held && draftOf(held)),
    ...(first && exceeded && { [first.field]: raised(first, exceeded.limit) }),
  }));
  const { ask, busy, problems } = useAsk();
  if (!held) return null;
  const { input, problems: wrong } = changedBudgets(held, draft);

  const submit = async () => {
    const taken = exceeded
      ? await ask(Resume, { sessionId, budgets: input, idempotencyKey: newKey() })
      : input === null || (await ask(SetBudgets, { sessionId, budgets: input }));
    if (taken) onClose();
  };

  return (
    <Dialog open onOpenChange={onClose} title={exceeded ? "Raise and resume" : "Change budgets"} wide>
      <form
        className="flex flex-col gap-4"
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        {exceeded && (
          <p>
            {budgetSentence(exceeded.budget, null, exceeded.limit)}. What was done is kept; the stage goes on from
            there.
          </p>
        )}
        <SpentSoFar sessionId={sessionId} />
        <BudgetFields draft={draft} onChange={setDraft} problems={wrong} first={first} held />
        <Problems of={problems} />
        <div className="sticky bottom-0 -mx-4 -mb-4 flex flex-wrap items-center justify-end gap-2 border-t border-line bg-surface px-4 py-3">
          <Button onClick={onClose}>Leave as it is</Button>
          <Button type="submit" look="primary" disabled={busy || Object.keys(wrong).length > 0}>
            {exceeded ? "Raise and resume" : "Set budgets"}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

function SpentSoFar({ sessionId }: { sessionId: string }) {
  const [{ data }] = useQuery({ query: SpentQuery, variables: { id: sessionId }, requestPolicy: "network-only" });
  const spent = data?.session?.spent;
  if (!spent) return null;
  const { costUsd, tokens, cachedShare, turns, seconds, sandboxSeconds, estimated } = spent;
  return (
    <p className="text-small text-muted">
      Spent by the session so far: {costUsd === null ? "an unknown cost" : formatMoney(costUsd)},{" "}
      {estimated && "about "}
      {formatCompact(tokens)} tokens
      {cachedShare !== null && ` (${formatPercent(cachedShare)} of those read from the cache)`}, {plural(turns, "turn")}
      , {formatDuration(seconds * 1000)}, {formatDuration(sandboxSeconds * 1000)} in the sandbox.
    </p>
  );
}
