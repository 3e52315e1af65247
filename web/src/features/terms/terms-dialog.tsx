/** Asks how the next stage is to run. */
import { FastForward, Play } from "lucide-react";
import type { Stage } from "@/api/gql/graphql";
import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { stageName, stages } from "../words";
import { type Choice, hasProblems, type Terms } from "./terms";
import { TermsForm } from "./terms-form";

interface Props {
  stage: Stage;
  terms: Terms;
  own: Choice;
  onChange: (next: Terms) => void;
  onStart: (through: Stage) => void;
  onClose: () => void;
}

export function TermsDialog({ stage, terms, own, onChange, onStart, onClose }: Props) {
  const wrong = hasProblems(terms);
  const start = (through: Stage) => {
    onClose();
    onStart(through);
  };
  return (
    <Dialog open onOpenChange={onClose} title={`How to run ${stageName[stage]}`} wide>
      <TermsForm terms={terms} onChange={onChange} own={own} later={stages.slice(stages.indexOf(stage) + 1)} />
      <div className="sticky bottom-0 -mx-4 -mb-4 flex flex-wrap items-center justify-end gap-2 border-t border-line bg-surface px-4 py-3 mt-4">
        <Button onClick={onClose} disabled={wrong}>
          Keep for later
        </Button>
        {stage !== "TRAIN" && (
          <Button icon={<FastForward size={14} />} disabled={wrong} onClick={() => start("TRAIN")}>
            Run through Train
          </Button>
        )}
        <Button look="primary" icon={<Play size={14} />} disabled={wrong} onClick={() => start(stage)}>
          Start {stageName[stage]}
        </Button>
      </div>
    </Dialog>
  );
}
