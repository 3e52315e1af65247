import { Check, ChevronRight, Circle, LoaderCircle } from "lucide-react";
import type { PlanStatus } from "@/api/gql/graphql";
import { cx } from "@/lib/cx";
import { useView } from "@/stream/use-session";

const looks: Record<PlanStatus, { icon: typeof Check; tone: string; word: string }> = {
  DONE: { icon: Check, tone: "text-ok", word: "done" },
  IN_PROGRESS: { icon: LoaderCircle, tone: "text-info", word: "in progress" },
  PENDING: { icon: Circle, tone: "text-faint", word: "to do" },
};

/** The agent's own plan, folded to the step it is at. */
export function Plan() {
  const plan = useView((view) => view.plan);
  if (plan.length === 0) return null;
  const done = plan.filter(({ status }) => status === "DONE").length;
  const current = plan.find(({ status }) => status === "IN_PROGRESS");
  return (
    <details className="group shrink-0 border-b border-line bg-surface">
      <summary className="flex list-none items-center gap-2 px-4 py-2 hover:bg-hover">
        <ChevronRight size={14} aria-hidden className="text-faint transition-transform group-open:rotate-90" />
        <span className="font-medium">Plan</span>
        <span className="text-muted">
          {done} of {plan.length}
        </span>
        <span className="min-w-0 truncate text-muted group-open:invisible">{current?.title}</span>
      </summary>
      <ol className="flex max-h-64 flex-col gap-1 overflow-y-auto px-4 pb-3">
        {plan.map(({ title, status }, at) => {
          const { icon: Icon, tone, word } = looks[status];
          return (
            <li key={at} className="flex items-start gap-2">
              <Icon size={14} aria-hidden className={cx("mt-[3px] shrink-0", tone)} />
              <span className={cx(status === "DONE" && "text-muted")}>
                {title}
                <span className="sr-only">, {word}</span>
              </span>
            </li>
          );
        })}
      </ol>
    </details>
  );
}
