import { useNavigate } from "@tanstack/react-router";
import { CircleAlert, CircleCheck, Plus, RotateCw, X } from "lucide-react";
import { type FormEvent, lazy, Suspense, use, useId, useMemo, useState } from "react";
import { useClient } from "urql";
import { sentence, type UserError } from "@/api/errors";
import type { Stage } from "@/api/gql/graphql";
import { formatBytes } from "@/lib/format";
import { newKey } from "@/lib/new-key";
import { Button, IconButton } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { TextArea, TextField } from "@/ui/field";
import { Skeleton } from "@/ui/pane";
import { hasProblems, noChoice, noTerms, type Terms } from "../terms/terms";
import { stages } from "../words";
import { begin } from "./begin";
import { readColumns } from "./header-row";
import type { Upload, Uploads } from "./uploads";

const TermsForm = lazy(() => import("../terms/terms-form").then((module) => ({ default: module.TermsForm })));

interface Props {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  uploads: Uploads;
  onPick: () => void;
}

export function NewExperiment({ open, onOpenChange, uploads, onPick }: Props) {
  const close = () => {
    uploads.clear();
    onOpenChange(false);
  };
  return (
    <Dialog open={open} onOpenChange={close} title="New experiment" wide>
      <Form uploads={uploads} onPick={onPick} onClose={close} />
    </Dialog>
  );
}

const plans: { value: Stage | "none"; label: string; hint: string }[] = [
  { value: "TRAIN", label: "Run all three stages", hint: "EDA, Prep and Train, one after the other" },
  { value: "EDA", label: "Start with EDA", hint: "Look at the report first, then go on" },
  { value: "none", label: "Only create it", hint: "Nothing runs until you say so" },
];

function Form({ uploads, onPick, onClose }: { uploads: Uploads; onPick: () => void; onClose: () => void }) {
  const client = useClient();
  const navigate = useNavigate();
  const [name, setName] = useState<string | null>(null);
  const [target, setTarget] = useState("");
  const [instructions, setInstructions] = useState("");
  const [plan, setPlan] = useState<Stage | "none">("TRAIN");
  const [terms, setTerms] = useState<Terms>(noTerms);
  const [busy, setBusy] = useState(false);
  const [problems, setProblems] = useState<UserError[]>([]);
  const columnsId = useId();
  const [first] = uploads.list;
  const source = first?.source;
  const columns = useMemo(
    () => (source && "file" in source ? readColumns(source.file) : Promise.resolve([])),
    [source],
  );

  const sending = uploads.list.some(({ progress }) => progress.state === "sending");
  const failed = uploads.list.some(({ progress }) => progress.state === "failed");
  const shownName = name ?? first?.name.replace(/\.[^.]+$/, "") ?? "";
  const at = (field: string) => problems.find(({ path }) => path.includes(field));
  const fileProblem = (index: number) =>
    problems.find(({ path }) => path.includes("uploadIds") && path.includes(String(index)));
  const fields = ["target", "instructions", "name"];
  const general = problems.filter(
    (problem) =>
      !problem.path.some((part) => fields.includes(part)) && !uploads.list.some((_, i) => fileProblem(i) === problem),
  );

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setProblems([]);
    const uploadIds = uploads.list.flatMap(({ progress }) => (progress.state === "stored" ? [progress.uploadId] : []));
    const outcome = await begin(
      client,
      {
        name: shownName.trim() || null,
        target: target.trim() || null,
        instructions: instructions.trim() || null,
        source: { uploadIds },
        idempotencyKey: newKey(),
      },
      plan === "none" ? null : plan,
      terms,
    );
    setBusy(false);
    if (outcome.problems) return setProblems(outcome.problems);
    onClose();
    const { experimentId, sessionId } = outcome.done;
    void navigate({ to: "/e/$experiment/s/$session", params: { experiment: experimentId, session: sessionId } });
  };

  return (
    <form onSubmit={submit} className="flex flex-col gap-4">
      <fieldset className="flex flex-col gap-1">
        <legend className="mb-1 font-medium">Files</legend>
        <ul className="flex flex-col rounded-sm border border-line">
          {uploads.list.map((upload, index) => (
            <FileLine
              key={upload.key}
              upload={upload}
              problem={fileProblem(index)}
              onRetry={() => uploads.retry(upload)}
              onRemove={() => uploads.remove(upload.key)}
            />
          ))}
          <li className="border-t border-line first:border-t-0">
            <Button look="quiet" icon={<Plus size={14} />} onClick={onPick}>
              Add a file
            </Button>
          </li>
        </ul>
      </fieldset>
      <TextField
        label="Name"
        value={shownName}
        onChange={(event) => setName(event.target.value)}
        error={at("name") && sentence(at("name")?.message ?? "")}
      />
      <TextField
        label="Target column"
        placeholder="Leave empty and the agent finds it"
        hint="The column to predict."
        list={columnsId}
        autoComplete="off"
        value={target}
        onChange={(event) => setTarget(event.target.value)}
        error={at("target") && sentence(at("target")?.message ?? "")}
      />
      <Suspense fallback={null}>
        <Columns id={columnsId} columns={columns} />
      </Suspense>
      <TextArea
        label="Instructions"
        placeholder="What is this data, and what do you want of the model?"
        value={instructions}
        onChange={(event) => setInstructions(event.target.value)}
        error={at("instructions") && sentence(at("instructions")?.message ?? "")}
      />
      <fieldset className="grid gap-2 sm:grid-cols-3">
        <legend className="mb-1 font-medium">Then</legend>
        {plans.map((choice) => (
          <label
            key={choice.value}
            className="flex cursor-pointer items-start gap-2 rounded-sm border border-control p-2.5 has-checked:border-accent has-checked:bg-accent-wash has-focus-visible:outline-2 has-focus-visible:outline-accent"
          >
            <input
              type="radio"
              name="plan"
              className="mt-1 accent-accent"
              checked={plan === choice.value}
              onChange={() => setPlan(choice.value)}
            />
            <span>
              <span className="block font-medium">{choice.label}</span>
              <span className="block text-small text-muted">{choice.hint}</span>
            </span>
          </label>
        ))}
      </fieldset>
      <Suspense fallback={<Skeleton lines={3} className="min-h-40 p-0" />}>
        <TermsForm
          terms={terms}
          onChange={setTerms}
          own={noChoice}
          later={plan === "none" ? [] : stages.slice(1, stages.indexOf(plan) + 1)}
        />
      </Suspense>
      {general.length > 0 && (
        <ul role="alert" className="flex flex-col gap-1 rounded-sm bg-error-wash p-3">
          {general.map((problem) => (
            <li key={problem.message} className="flex gap-2">
              <CircleAlert size={14} className="mt-1 shrink-0 text-error" aria-hidden />
              <span>{sentence(problem.message)}</span>
            </li>
          ))}
        </ul>
      )}
      <div className="sticky bottom-0 -mx-4 -mb-4 flex flex-wrap items-center justify-end gap-2 border-t border-line bg-surface px-4 py-3">
        {busy && (
          <p role="status" className="mr-auto text-muted">
            Reading and describing the table…
          </p>
        )}
        <Button onClick={onClose}>Discard</Button>
        <Button
          type="submit"
          look="primary"
          disabled={busy || sending || failed || hasProblems(terms) || uploads.list.length === 0}
        >
          {sending ? "Uploading…" : plan === "none" ? "Create" : "Create and start"}
        </Button>
      </div>
    </form>
  );
}

function Columns({ id, columns }: { id: string; columns: Promise<string[]> }) {
  return (
    <datalist id={id}>
      {use(columns).map((column) => (
        <option key={column} value={column} />
      ))}
    </datalist>
  );
}

interface FileLineProps {
  upload: Upload;
  problem: UserError | undefined;
  onRetry: () => void;
  onRemove: () => void;
}

function FileLine({ upload: { name, size, source, progress }, problem, onRetry, onRemove }: FileLineProps) {
  const trouble = progress.state === "failed" ? progress.message : problem?.message;
  return (
    <li className="flex items-center gap-2 border-t border-line px-3 py-2 first:border-t-0">
      {trouble ? (
        <CircleAlert size={16} className="shrink-0 text-error" aria-hidden />
      ) : (
        <CircleCheck
          size={16}
          className={`shrink-0 ${progress.state === "stored" ? "text-ok" : "text-faint"}`}
          aria-hidden
        />
      )}
      <div className="min-w-0 flex-1">
        <p className="flex gap-2">
          <span className="truncate">{name}</span>
          <span className="shrink-0 text-muted">{formatBytes(size)}</span>
        </p>
        {progress.state === "sending" && (
          <progress
            aria-label={`${"file" in source ? "Upload" : "Import"} of ${name}`}
            value={progress.share}
            className="block h-1 w-full appearance-none overflow-hidden rounded-full bg-hover [&::-moz-progress-bar]:bg-accent [&::-webkit-progress-bar]:bg-hover [&::-webkit-progress-value]:bg-accent"
          />
        )}
        {progress.state === "sending" && progress.warning && (
          <p role="status" className="text-small text-warn">
            {sentence(progress.warning)}
          </p>
        )}
        {trouble && (
          <p role="alert" className="text-small text-error">
            {sentence(trouble)}
          </p>
        )}
      </div>
      {progress.state === "failed" && (
        <IconButton label={`${"file" in source ? "Send" : "Import"} ${name} again`} onClick={onRetry}>
          <RotateCw size={14} />
        </IconButton>
      )}
      <IconButton label={`Remove ${name}`} onClick={onRemove}>
        <X size={14} />
      </IconButton>
    </li>
  );
}
