/** The buttons of the stage strip, each there only while the server allows it. */
import { FastForward, Play, RotateCcw, SlidersHorizontal, Square, StepForward } from "lucide-react";
import { lazy, Suspense, useState } from "react";
import { type FragmentType, graphql, readFragment } from "@/api/gql";
import type { Stage } from "@/api/gql/graphql";
import { type Cell, cell, useExternal } from "@/lib/external";
import { newKey } from "@/lib/new-key";
import { Button } from "@/ui/button";
import { MenuItem } from "@/ui/menu";
import { Problems } from "@/ui/problems";
import { Approve, Cancel, Resume, Retry, Start, useAsk } from "../mutations";
import { pick, useProviders } from "../terms/providers";
import { choiceWords, noTerms, startTerms, type Terms } from "../terms/terms";
import { stageName } from "../words";
import { SessionMenu } from "./session-menu";

const TermsDialog = lazy(() => import("../terms/terms-dialog").then((module) => ({ default: module.TermsDialog })));

const StageActionsFragment = graphql(`
  fragment StageActions on Session {
    id
    state
    provider
    model
    effort
    allows {
      startStages
      retry
      cancel
      resume
      approve
    }
    stages {
      stage
      state
      current {
        id
        through
      }
    }
    ...SessionMenu
  }
`);

/** What was last said about how a session's stages run; a start that was refused does not forget it. */
const said = new Map<string, Cell<Terms>>();

function termsOf(sessionId: string): Cell<Terms> {
  const known = said.get(sessionId) ?? cell(noTerms);
  said.set(sessionId, known);
  return known;
}

interface Props {
  session: FragmentType<typeof StageActionsFragment>;
  /** What the session is called. */
  name: string;
}

export function StageActions({ session, name }: Props) {
  const data = readFragment(StageActionsFragment, session);
  const { id, state, allows, stages } = data;
  const { ask, busy, problems } = useAsk();
  const kept = termsOf(id);
  const terms = useExternal(kept);
  const [choosing, setChoosing] = useState(false);

  const begin = (stage: Stage, through: Stage) =>
    void ask(Start, { sessionId: id, stage, through, ...startTerms(terms, stage, through), idempotencyKey: newKey() });
  const again = () => {
    const broken = stages.find((one) => one.state === "FAILED" || one.state === "CANCELLED");
    void ask(Retry, { sessionId: id, through: broken?.current?.through ?? null, idempotencyKey: newKey() });
  };

  const startable = allows.startStages;
  const next = startable.find((stage) => stages.find((status) => status.stage === stage)?.state === "PENDING");
  const anew = startable.filter((stage) => stage !== next);
  const [first] = startable;
  const broken = allows.resume || allows.retry;
  // The session waits for a word on it: to start it otherwise would leave out what follows it.
  const awaited = next !== undefined && allows.approve === next;

  return (
    <div className="flex min-w-0 flex-wrap items-center justify-end gap-2">
      <Problems of={problems} className="max-w-md" />
      {allows.cancel && state.endsWith("_RUNNING") && (
        <Button icon={<Square size={14} />} disabled={busy} onClick={() => void ask(Cancel, { sessionId: id })}>
          {busy ? "Cancelling…" : "Cancel"}
        </Button>
      )}
      {(next ?? first) && !awaited && <TermsButton terms={terms} own={data} onClick={() => setChoosing(true)} />}
      {allows.resume && (
        <Button
          look="primary"
          icon={<StepForward size={14} />}
          disabled={busy}
          onClick={() => void ask(Resume, { sessionId: id, idempotencyKey: newKey() })}
        >
          Resume
        </Button>
      )}
      {allows.retry && (
        <Button
          look={allows.resume ? "plain" : "primary"}
          icon={<RotateCcw size={14} />}
          disabled={busy}
          onClick={again}
        >
          Retry
        </Button>
      )}
      {next && next !== "TRAIN" && !awaited && (
        <Button icon={<FastForward size={14} />} disabled={busy} onClick={() => begin(next, "TRAIN")}>
          Run through Train
        </Button>
      )}
      {next && (
        <Button
          look={broken ? "plain" : "primary"}
          icon={<Play size={14} />}
          disabled={busy}
          onClick={() => (awaited ? void ask(Approve, { sessionId: id, approve: true }) : begin(next, next))}
        >
          Start {stageName[next]}
        </Button>
      )}
      <SessionMenu session={data} name={name}>
        {anew.map((stage) => (
          <MenuItem key={stage} icon={<RotateCcw size={14} />} onSelect={() => begin(stage, stage)}>
            Run {stageName[stage]} again
          </MenuItem>
        ))}
      </SessionMenu>
      {choosing && first && (
        <Suspense fallback={null}>
          <TermsDialog
            stage={next ?? first}
            terms={terms}
            own={data}
            onChange={kept.set}
            onStart={(through) => begin(next ?? first, through)}
            onClose={() => setChoosing(false)}
          />
        </Suspense>
      )}
    </div>
  );
}

interface TermsButtonProps {
  terms: Terms;
  own: Pick<Terms, "provider" | "model" | "effort">;
  onClick: () => void;
}

/** What the next stage would run with; opens to say it otherwise. */
function TermsButton({ terms, own, onClick }: TermsButtonProps) {
  const [{ data }] = useProviders();
  const provider = pick(data?.providers ?? [], terms.provider ?? own.provider);
  const model = terms.model ?? (provider?.name === own.provider ? own.model : null) ?? provider?.defaultModel ?? null;
  const words = provider ? choiceWords(provider.name, model, terms.effort ?? own.effort) : "the server's choice";
  return (
    <Button
      look="quiet"
      className="min-w-0 max-w-80 shrink px-2 max-sm:max-w-36"
      title="How to run the next stage"
      icon={<SlidersHorizontal size={14} className="shrink-0" aria-hidden />}
      onClick={onClick}
    >
      <span className="sr-only">How to run: </span>
      <span className="truncate">{words}</span>
    </Button>
  );
}
