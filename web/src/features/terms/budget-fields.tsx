/** The budgets as fields: a row for each unit, a column for the stage and one for the session. */
import { useId } from "react";
import { cx } from "@/lib/cx";
import { TextField } from "@/ui/field";
import { type Budget, type BudgetDraft, budgets, defaultWord, needed, type ReadBudgets, units, WAIT } from "./budgets";

interface Props {
  draft: BudgetDraft;
  onChange: (next: BudgetDraft) => void;
  problems: ReadBudgets["problems"];
  /** The one that takes the focus: what ran out. */
  first?: Budget | undefined;
  /** They are those of a run: an empty field is no limit, not a default. */
  held?: boolean;
}

/** What ran out is what the reader came to change. */
const focus = (element: HTMLInputElement | null) => {
  element?.focus();
  element?.select();
};

const rows = ["usd", "tokens", "turns", "seconds", "sandbox"] as const;

export function BudgetFields({ draft, onChange, problems, first, held = false }: Props) {
  const id = useId();
  return (
    <fieldset className="flex flex-col gap-2">
      <legend className="font-medium">Budgets</legend>
      <p className="text-small text-muted">
        At the limit the stage stops and keeps everything; {held ? "an empty field" : "0"} means no limit.
      </p>
      <div className="grid grid-cols-[minmax(0,auto)_minmax(0,1fr)_minmax(0,1fr)] items-start gap-x-3 gap-y-2">
        <span />
        <span className="text-small text-muted">Each stage</span>
        <span className="text-small text-muted">Whole session</span>
        {rows.map((unit) => (
          <div key={unit} className="contents">
            <span className="pt-1.5">{units[unit].label}</span>
            {(["stage", "session"] as const).map((scope) => {
              const budget = budgets.find((one) => one.unit === unit && one.scope === scope);
              if (!budget) return <span key={scope} />;
              const problem = problems[budget.field];
              return (
                <div key={scope} className="flex min-w-0 flex-col gap-0.5">
                  <div className="relative">
                    <input
                      aria-label={`${units[unit].label}, ${scope === "stage" ? "each stage" : "whole session"}, in ${units[unit].suffix}`}
                      inputMode="decimal"
                      autoComplete="off"
                      ref={budget === first ? focus : undefined}
                      placeholder={held ? (needed.has(budget.field) ? "" : "no limit") : defaultWord(budget)}
                      value={draft[budget.field] ?? ""}
                      aria-invalid={problem ? true : undefined}
                      aria-describedby={problem ? `${id}-${budget.field}` : undefined}
                      onChange={(event) => onChange({ ...draft, [budget.field]: event.target.value })}
                      className={cx(
                        "h-8 w-full min-w-0 rounded-sm border bg-surface pl-2 text-ui placeholder:text-faint aria-invalid:border-error",
                        budget === first ? "border-accent" : "border-control",
                        unit === "seconds" || unit === "sandbox" ? "pr-16" : "pr-14",
                      )}
                    />
                    <span aria-hidden className="pointer-events-none absolute top-2 right-2 text-small text-muted">
                      {units[unit].suffix}
                    </span>
                  </div>
                  {problem && (
                    <p id={`${id}-${budget.field}`} role="alert" className="text-small text-error">
                      {problem}
                    </p>
                  )}
                </div>
              );
            })}
          </div>
        ))}
      </div>
      <TextField
        label="A question waits, in minutes"
        hint="Then the agent goes on with the answer that it stated itself; 0 means that it never waits."
        inputMode="decimal"
        autoComplete="off"
        placeholder={held ? "" : "1440: a day"}
        value={draft[WAIT] ?? ""}
        onChange={(event) => onChange({ ...draft, [WAIT]: event.target.value })}
        error={problems[WAIT]}
      />
    </fieldset>
  );
}
