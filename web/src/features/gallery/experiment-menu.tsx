import { useNavigate } from "@tanstack/react-router";
import { Ellipsis, List, Pencil, Trash2 } from "lucide-react";
import { type FormEvent, useState } from "react";
import { useMutation } from "urql";
import { problemsOf, sentence, type UserError } from "@/api/errors";
import { graphql } from "@/api/gql";
import { Button, IconButton } from "@/ui/button";
import { Confirm, Dialog } from "@/ui/dialog";
import { TextField } from "@/ui/field";
import { Menu, MenuItem } from "@/ui/menu";

const Rename = graphql(`
  mutation RenameExperiment($input: RenameExperimentInput!) {
    renameExperiment(input: $input) {
      experiment {
        id
        name
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

const Delete = graphql(`
  mutation DeleteExperiment($input: DeleteExperimentInput!) {
    deleteExperiment(input: $input) {
      deletedId
      userErrors {
        message
        path
        code
        detail
      }
    }
  }
`);

interface Props {
  id: string;
  name: string;
}

export function ExperimentMenu({ id, name }: Props) {
  const [asking, setAsking] = useState<"rename" | "delete" | null>(null);
  const navigate = useNavigate();
  const close = () => setAsking(null);
  return (
    <>
      <Menu
        trigger={
          <IconButton label={`Actions for ${name}`}>
            <Ellipsis size={16} />
          </IconButton>
        }
      >
        <MenuItem
          icon={<List size={14} />}
          onSelect={() => void navigate({ to: "/e/$experiment", params: { experiment: id } })}
        >
          All sessions
        </MenuItem>
        <MenuItem icon={<Pencil size={14} />} onSelect={() => setAsking("rename")}>
          Rename
        </MenuItem>
        <MenuItem icon={<Trash2 size={14} />} danger onSelect={() => setAsking("delete")}>
          Delete
        </MenuItem>
      </Menu>
      {asking === "rename" && <RenameDialog id={id} name={name} onClose={close} />}
      {asking === "delete" && <DeleteDialog id={id} name={name} onClose={close} />}
    </>
  );
}

function RenameDialog({ id, name, onClose }: Props & { onClose: () => void }) {
  const [value, setValue] = useState(name);
  const [problems, setProblems] = useState<UserError[]>([]);
  const [{ fetching }, rename] = useMutation(Rename);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const result = await rename({ input: { experimentId: id, name: value } });
    const found = problemsOf(result, result.data?.renameExperiment.userErrors);
    if (found.length === 0) onClose();
    else setProblems(found);
  };
  return (
    <Dialog open onOpenChange={onClose} title="Rename experiment">
      <form onSubmit={submit} className="flex flex-col gap-4">
        <TextField
          label="Name"
          value={value}
          autoFocus
          onFocus={(event) => event.target.select()}
          onChange={(event) => setValue(event.target.value)}
          error={problems[0] && sentence(problems[0].message)}
        />
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Leave as it is</Button>
          <Button type="submit" look="primary" disabled={fetching || value.trim() === ""}>
            Rename
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

function DeleteDialog({ id, name, onClose }: Props & { onClose: () => void }) {
  const [problems, setProblems] = useState<UserError[]>([]);
  const [{ fetching }, remove] = useMutation(Delete);
  const confirm = async () => {
    const result = await remove({ input: { experimentId: id } });
    const found = problemsOf(result, result.data?.deleteExperiment.userErrors);
    if (found.length === 0) onClose();
    else setProblems(found);
  };
  return (
    <Confirm
      open
      onOpenChange={onClose}
      title={`Delete “${name}”?`}
      action="Delete for good"
      busy={fetching}
      onConfirm={() => void confirm()}
    >
      <p>Its sessions, reports, models and metrics go with it. This cannot be undone.</p>
      {problems.map((problem) => (
        <p key={problem.message} role="alert" className="mt-2 text-error">
          {sentence(problem.message)}
        </p>
      ))}
    </Confirm>
  );
}
