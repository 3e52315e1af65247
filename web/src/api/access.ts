/** Whether the server asks for its token, and whether this browser has given it. The cookie itself is never ours to see. */
import { cell } from "@/lib/external";

export interface Access {
  required: boolean;
  authenticated: boolean;
}

/** Null until the server has said; a server that does not ask answers that too. */
export const access = cell<Access | null>(null);

export async function askAccess(): Promise<void> {
  try {
    const response = await fetch("/login", { headers: { accept: "application/json" } });
    if (response.ok) access.set((await response.json()) as Access);
  } catch {
    // A server that cannot be reached is told by everything else on the page.
  }
}

/** Answers what is wrong with the token, or null when it was taken. */
export async function signIn(token: string): Promise<string | null> {
  try {
    const response = await fetch("/login", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ token }),
    });
    if (response.ok) return null;
    return response.status === 401 ? "this is not the server's token" : `the server answered ${response.status}`;
  } catch {
    return "the server cannot be reached";
  }
}

export async function signOut(): Promise<void> {
  await fetch("/login", { method: "DELETE" });
}
