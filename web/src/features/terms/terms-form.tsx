/** Everything that can be said about how stages run; the simple first, the rest in a fold. */
import { ChevronRight } from "lucide-react";
import type { Stage } from "@/api/gql/graphql";
import { stageName } from "../words";
import { BudgetFields } from "./budget-fields";
import { readBudgets } from "./budgets";
import { ImportTranscript } from "./import-transcript";
import { ModelPicker } from "./model-picker";
import { type Choice, noChoice, REPLAY, type Terms } from "./terms";

interface Props {
  terms: Terms;
  onChange: (next: Terms) => void;
  own: Choice;
  /** The stages that may follow the first one without being asked. */
  later: readonly Stage[];
}

export function TermsForm({ terms, onChange, own, later }: Props) {
  const set = (part: Partial<Terms>) => onChange({ ...terms, ...part });
  return (
    <div className="flex flex-col gap-3">
      <ModelPicker value={terms} onChange={set} own={own} />
      <ImportTranscript onImported={(name) => set({ ...noChoice, provider: REPLAY, model: name })} />
      {later.length > 0 && (
        <label className="flex cursor-pointer items-start gap-2">
          <input
            type="checkbox"
            className="mt-1 accent-accent"
            checked={terms.approval}
            onChange={(event) => set({ approval: event.target.checked })}
          />
          <span>
            Ask me before each stage
            <span className="block text-small text-muted">
              When it runs through, it waits for your word before {later.map((stage) => stageName[stage]).join(" and ")}
              .
            </span>
          </span>
        </label>
      )}
      <details className="group rounded-sm border border-line">
        <summary className="flex list-none items-center gap-2 rounded-sm px-3 py-2 hover:bg-hover">
          <ChevronRight size={14} aria-hidden className="text-faint transition-transform group-open:rotate-90" />
          <span className="font-medium">{later.length > 0 ? "Models by stage, and budgets" : "Budgets"}</span>
        </summary>
        <div className="flex flex-col gap-4 border-t border-line p-3">
          {later.map((stage) => (
            <div key={stage} className="flex flex-col gap-1">
              <p className="font-medium">{stageName[stage]}</p>
              <ModelPicker
                value={terms.perStage[stage] ?? noChoice}
                own={own}
                stage={stageName[stage]}
                onChange={({ provider, model, effort }) => {
                  const { [stage]: _old, ...rest } = terms.perStage;
                  set({ perStage: provider === null ? rest : { ...rest, [stage]: { provider, model, effort } } });
                }}
              />
            </div>
          ))}
          <BudgetFields
            draft={terms.budgets}
            onChange={(budgets) => set({ budgets })}
            problems={readBudgets(terms.budgets).problems}
          />
        </div>
      </details>
    </div>
  );
}
