/** The ways on from a stage that failed or was cancelled, where it says so. */
import { ArrowUpFromLine, Replace, RotateCcw, StepForward } from "lucide-react";
import { lazy, Suspense, useState } from "react";
import { newKey } from "@/lib/new-key";
import { useView } from "@/stream/use-session";
import type { StageEndItem } from "@/stream/view";
import { Button } from "@/ui/button";
import { Problems } from "@/ui/problems";
import { Resume, Retry, useAsk } from "../mutations";
import type { Choice } from "../terms/terms";

const BudgetsDialog = lazy(() =>
  import("../terms/budgets-dialog").then((module) => ({ default: module.BudgetsDialog })),
);
const ResumeDialog = lazy(() => import("../terms/resume-dialog").then((module) => ({ default: module.ResumeDialog })));

interface Props {
  item: StageEndItem;
  sessionId: string;
  resume: boolean;
  retry: boolean;
}

export function WaysOn({ item, sessionId, resume, retry }: Props) {
  const { ask, busy, problems } = useAsk();
  const [asking, setAsking] = useState<"budget" | "model" | null>(null);
  const held = useView((view) => view.budgets);
  const started = useView((view) =>
    view.items.findLast((one) => one.kind === "stage-start" || one.kind === "stage-resume"),
  );
  const own: Choice = {
    provider: started && "provider" in started ? started.provider : null,
    model: started && "model" in started ? started.model : null,
    effort: started?.kind === "stage-start" ? started.effort : null,
  };
  const budget = held === null ? null : item.budget;
  const close = () => setAsking(null);
  const goOn = () => void ask(Resume, { sessionId, idempotencyKey: newKey() });
  const again = () => void ask(Retry, { sessionId, idempotencyKey: newKey() });
  return (
    <div className="mt-2 flex flex-col gap-2">
      <div className="flex flex-wrap gap-2">
        {resume && budget && (
          <Button look="primary" icon={<ArrowUpFromLine size={14} />} onClick={() => setAsking("budget")}>
            Raise and resume
          </Button>
        )}
        {resume && (
          <Button look={budget ? "plain" : "primary"} icon={<StepForward size={14} />} disabled={busy} onClick={goOn}>
            Resume
          </Button>
        )}
        {resume && (
          <Button icon={<Replace size={14} />} onClick={() => setAsking("model")}>
            Choose another model
          </Button>
        )}
        {retry && (
          <Button icon={<RotateCcw size={14} />} disabled={busy} onClick={again}>
            Retry from the start
          </Button>
        )}
      </div>
      <Problems of={problems} />
      <Suspense fallback={null}>
        {asking === "budget" && budget && <BudgetsDialog sessionId={sessionId} exceeded={budget} onClose={close} />}
        {asking === "model" && <ResumeDialog sessionId={sessionId} own={own} onClose={close} />}
      </Suspense>
    </div>
  );
}
