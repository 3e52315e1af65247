/** What is seldom wanted of a session. */
import { useNavigate } from "@tanstack/react-router";
import { Coins, Ellipsis, FileDown, SlidersHorizontal } from "lucide-react";
import { lazy, type ReactNode, Suspense, useState } from "react";
import { type FragmentType, graphql, readFragment } from "@/api/gql";
import { IconButton } from "@/ui/button";
import { Menu, MenuItem, MenuLink } from "@/ui/menu";

const BudgetsDialog = lazy(() =>
  import("../terms/budgets-dialog").then((module) => ({ default: module.BudgetsDialog })),
);

const SessionMenuFragment = graphql(`
  fragment SessionMenu on Session {
    id
    state
    transcriptUrl
    allows {
      setBudgets
    }
  }
`);

interface Props {
  session: FragmentType<typeof SessionMenuFragment>;
  name: string;
  children: ReactNode;
}

export function SessionMenu({ session, name, children }: Props) {
  const { id, state, transcriptUrl, allows } = readFragment(SessionMenuFragment, session);
  const [setting, setSetting] = useState(false);
  const navigate = useNavigate();
  return (
    <>
      <Menu
        trigger={
          <IconButton label="Session menu">
            <Ellipsis size={16} />
          </IconButton>
        }
      >
        {children}
        {/* An address of another host would carry the reader away; the server gives none. */}
        {state !== "CREATED" && /^\/[^/\\]/.test(transcriptUrl) && (
          <MenuLink icon={<FileDown size={14} />} href={transcriptUrl} download={`${name} transcript.json`}>
            Download transcript
          </MenuLink>
        )}
        {allows.setBudgets && (
          <MenuItem icon={<Coins size={14} />} onSelect={() => setSetting(true)}>
            Change budgets
          </MenuItem>
        )}
        <MenuItem
          icon={<SlidersHorizontal size={14} />}
          onSelect={() => void navigate({ to: "/settings/$section", params: { section: "models" } })}
        >
          Models and providers
        </MenuItem>
      </Menu>
      {setting && (
        <Suspense fallback={null}>
          <BudgetsDialog sessionId={id} onClose={() => setSetting(false)} />
        </Suspense>
      )}
    </>
  );
}
