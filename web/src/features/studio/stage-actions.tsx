/** The buttons of the stage strip, each there only while the server allows it. */
import { ChevronDown, FastForward, Play, RotateCcw, Square } from "lucide-react";
import { useState } from "react";
import { useMutation, useQuery } from "urql";
import { problemsOf, sentence, type UserError } from "@/api/errors";
import { type FragmentType, graphql, readFragment } from "@/api/gql";
import type { Stage } from "@/api/gql/graphql";
import { cell, useExternal } from "@/lib/external";
import { newKey } from "@/lib/new-key";
import { Button, IconButton } from "@/ui/button";
import { Menu, MenuChoice, MenuItem } from "@/ui/menu";
import { stageName } from "../words";

const StageActionsFragment = graphql(`
  fragment StageActions on Session {
    id
    state
    allows {
      startStages
      retry
      cancel
      message
      answer
    }
    stages {
      stage
      state
      current {
        id
        through
      }
    }
  }
`);

const Start = graphql(`
  mutation StartStage($input: StartStageInput!) {
    startStage(input: $input) {
      session {
        id
        ...StageStrip
      }
      userErrors {
        message
        path
        code
        detail
      }
    }
  }
`);

const Cancel = graphql(`
  mutation CancelSession($input: CancelSessionInput!) {
    cancelSession(input: $input) {
      session {
        id
        ...StageStrip
      }
      userErrors {
        message
        path
        code
        detail
      }
    }
  }
`);

const Retry = graphql(`
  mutation RetryStage($input: RetryStageInput!) {
    retryStage(input: $input) {
      session {
        id
        ...StageStrip
      }
      userErrors {
        message
        path
        code
        detail
      }
    }
  }
`);

const Providers = graphql(`
  query Providers {
    providers {
      name
      available
      reason
      defaultModel
      description
    }
  }
`);

const PROVIDER = "trainable.provider";
const provider = cell(localStorage.getItem(PROVIDER) ?? "");

export function StageActions({ session }: { session: FragmentType<typeof StageActionsFragment> }) {
  const { id, allows, stages } = readFragment(StageActionsFragment, session);
  const [{ fetching: starting }, start] = useMutation(Start);
  const [{ fetching: cancelling }, cancel] = useMutation(Cancel);
  const [{ fetching: retrying }, retry] = useMutation(Retry);
  const [problems, setProblems] = useState<UserError[]>([]);
  const chosen = useExternal(provider);

  const begin = async (stage: Stage, through: Stage) => {
    const input = { sessionId: id, stage, through, provider: chosen || null, idempotencyKey: newKey() };
    const result = await start({ input });
    setProblems(problemsOf(result, result.data?.startStage.userErrors));
  };
  const stop = async () => {
    const result = await cancel({ input: { sessionId: id } });
    setProblems(problemsOf(result, result.data?.cancelSession.userErrors));
  };
  const again = async () => {
    const broken = stages.find(({ state }) => state === "FAILED" || state === "CANCELLED");
    const result = await retry({
      input: { sessionId: id, through: broken?.current?.through ?? null, idempotencyKey: newKey() },
    });
    setProblems(problemsOf(result, result.data?.retryStage.userErrors));
  };

  const startable = allows.startStages;
  const next = startable.find((stage) => stages.find((status) => status.stage === stage)?.state === "PENDING");
  const anew = startable.filter((stage) => stage !== next);

  return (
    <div className="flex flex-wrap items-center gap-2">
      {problems.map((problem) => (
        <p key={problem.message} role="alert" className="max-w-md text-small text-error">
          {sentence(problem.message)}
        </p>
      ))}
      {allows.cancel && (
        <Button icon={<Square size={14} />} disabled={cancelling} onClick={() => void stop()}>
          {cancelling ? "Cancelling…" : "Cancel"}
        </Button>
      )}
      {allows.retry && (
        <Button look="primary" icon={<RotateCcw size={14} />} disabled={retrying} onClick={() => void again()}>
          Retry
        </Button>
      )}
      {next && next !== "TRAIN" && (
        <Button icon={<FastForward size={14} />} disabled={starting} onClick={() => void begin(next, "TRAIN")}>
          Run through Train
        </Button>
      )}
      {next && (
        <Button
          look={allows.retry ? "plain" : "primary"}
          icon={<Play size={14} />}
          disabled={starting}
          onClick={() => void begin(next, next)}
        >
          Start {stageName[next]}
        </Button>
      )}
      {startable.length > 0 && (
        <Menu
          trigger={
            <IconButton label="More ways to run">
              <ChevronDown size={16} />
            </IconButton>
          }
        >
          {anew.map((stage) => (
            <MenuItem key={stage} icon={<RotateCcw size={14} />} onSelect={() => void begin(stage, stage)}>
              Run {stageName[stage]} again
            </MenuItem>
          ))}
          <ProviderChoice />
        </Menu>
      )}
    </div>
  );
}

function ProviderChoice() {
  const [{ data }] = useQuery({ query: Providers });
  const chosen = useExternal(provider);
  const available = (data?.providers ?? []).filter((one) => one.available);
  if (available.length < 2) return null;
  return (
    <MenuChoice
      label="Agent"
      value={available.some(({ name }) => name === chosen) ? chosen : ""}
      options={[
        { value: "", label: "The server's choice" },
        ...available.map(({ name, defaultModel }) => ({
          value: name,
          label: name === defaultModel ? name : `${name} · ${defaultModel}`,
        })),
      ]}
      onChange={(value) => {
        localStorage.setItem(PROVIDER, value);
        provider.set(value);
      }}
    />
  );
}
