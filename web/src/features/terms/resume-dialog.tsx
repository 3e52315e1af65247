/** Goes on with a stage on another model. */
import { useState } from "react";
import { newKey } from "@/lib/new-key";
import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { Problems } from "@/ui/problems";
import { Resume, useAsk } from "../mutations";
import { ModelPicker } from "./model-picker";
import { type Choice, noChoice } from "./terms";

interface Props {
  sessionId: string;
  /** What the stage ran with. */
  own: Choice;
  onClose: () => void;
}

export function ResumeDialog({ sessionId, own, onClose }: Props) {
  const [choice, setChoice] = useState<Choice>(noChoice);
  const { ask, busy, problems } = useAsk();
  const resume = async () => {
    const { provider, model, effort } = choice;
    if (await ask(Resume, { sessionId, provider, model, effort, idempotencyKey: newKey() })) onClose();
  };
  return (
    <Dialog open onOpenChange={onClose} title="Choose another model" wide>
      <div className="flex flex-col gap-4">
        <p className="text-muted">The stage goes on from its last finished step, with what was done so far.</p>
        <ModelPicker value={choice} onChange={setChoice} own={own} />
        <Problems of={problems} />
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Leave as it is</Button>
          <Button look="primary" disabled={busy} onClick={() => void resume()}>
            Resume with it
          </Button>
        </div>
      </div>
    </Dialog>
  );
}
