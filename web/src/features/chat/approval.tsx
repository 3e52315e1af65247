import { Check, CircleHelp, X } from "lucide-react";
import type { ApprovalItem } from "@/stream/view";
import { Button } from "@/ui/button";
import { Problems } from "@/ui/problems";
import { Approve, useAsk } from "../mutations";
import { stageName } from "../words";

interface Props {
  item: ApprovalItem;
  sessionId: string;
  /** The session waits for this very answer. */
  open: boolean;
}

/** Asks whether the next stage may start. */
export function Approval({ item: { stage, through, approved }, sessionId, open }: Props) {
  const { ask, busy, problems } = useAsk();
  if (approved !== null || !open) {
    const word = approved ? "was started" : "was left for later";
    return (
      <p className="mx-3 flex items-center gap-2 px-3 py-1 text-muted">
        {approved ? <Check size={14} className="text-ok" aria-hidden /> : <X size={14} aria-hidden />}
        {approved === null ? `The question about ${stageName[stage]} is over.` : `${stageName[stage]} ${word}.`}
      </p>
    );
  }
  return (
    <section aria-label="Approval" className="mx-3 my-1 rounded-sm border border-accent bg-surface px-3 py-2">
      <p className="flex items-center gap-2 font-medium">
        <CircleHelp size={16} className="shrink-0 text-accent" aria-hidden />
        Start {stageName[stage]}?
      </p>
      <p className="mt-1 text-muted">
        The stage before it is done, and you asked to be asked.
        {through !== stage && ` It would go on through ${stageName[through]}, asking again each time.`}
      </p>
      <div className="mt-2 flex flex-wrap gap-2">
        <Button look="primary" disabled={busy} onClick={() => void ask(Approve, { sessionId, approve: true })}>
          Start {stageName[stage]}
        </Button>
        <Button disabled={busy} onClick={() => void ask(Approve, { sessionId, approve: false })}>
          Not now
        </Button>
      </div>
      <Problems of={problems} className="mt-2" />
    </section>
  );
}
