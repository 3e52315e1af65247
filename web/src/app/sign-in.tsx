import { KeyRound } from "lucide-react";
import { type FormEvent, useState } from "react";
import { signIn } from "@/api/access";
import { sentence } from "@/api/errors";
import { Button } from "@/ui/button";
import { TextField } from "@/ui/field";

/** In place of the page on a server that asks for its token. */
export function SignIn() {
  const [token, setToken] = useState("");
  const [problem, setProblem] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    const refusal = await signIn(token.trim());
    setBusy(false);
    // Everything the page shows stands in its address, so a reload goes on where the reader was.
    if (refusal === null) location.reload();
    else setProblem(refusal);
  };
  return (
    <div className="flex flex-1 items-center justify-center p-4">
      <form
        onSubmit={submit}
        className="flex w-full max-w-sm flex-col gap-4 rounded-lg border border-line bg-surface p-5"
      >
        <h1 className="flex items-center gap-2 text-lead font-semibold">
          <KeyRound size={18} aria-hidden /> Sign in
        </h1>
        <TextField
          label="Token"
          type="password"
          autoComplete="current-password"
          autoFocus
          hint="The value of TRAINABLE_TOKEN on the server."
          value={token}
          onChange={(event) => setToken(event.target.value)}
          error={problem === null ? undefined : sentence(problem)}
        />
        <Button type="submit" look="primary" disabled={busy || token.trim() === ""}>
          Sign in
        </Button>
      </form>
    </div>
  );
}
