/** What is around every page: the header with the way home, the connection and the theme. */
import { type ErrorComponentProps, Link, Outlet, useRouter } from "@tanstack/react-router";
import { Braces, CircleHelp, LogOut, Monitor, Moon, Settings, Sun, SunMoon } from "lucide-react";
import { lazy, Suspense, useState } from "react";
import { access, signOut } from "@/api/access";
import { useExternal } from "@/lib/external";
import { useCommandKey, useHotkey } from "@/lib/keys";
import { chooseTheme, useThemeChoice } from "@/lib/theme";
import { IconButton } from "@/ui/button";
import { Menu, MenuChoice } from "@/ui/menu";
import { Empty, Failure, Skeleton } from "@/ui/pane";
import { ConnectionState } from "./connection-state";
import icon from "./icon.svg";
import { KeySheet } from "./key-sheet";
import { SignIn } from "./sign-in";

const Palette = lazy(() => import("./palette").then((module) => ({ default: module.Palette })));

export function Shell() {
  const [sheet, setSheet] = useState(false);
  const entry = useExternal(access);
  const closed = entry?.required && !entry.authenticated;
  const [palette, setPalette] = useState(false);
  useHotkey("?", () => setSheet(true));
  useCommandKey("k", () => setPalette(true));
  return (
    <div className="flex h-full flex-col">
      <a
        href="#main"
        className="sr-only focus:not-sr-only focus:absolute focus:z-50 focus:m-2 focus:rounded-sm focus:bg-surface focus:p-2"
      >
        Skip to the content
      </a>
      <header className="flex h-11 shrink-0 items-center gap-3 border-b border-line bg-surface pr-2 pl-3">
        <Link to="/" className="flex items-center gap-2 rounded-sm font-semibold">
          <img src={icon} alt="" width={20} height={20} />
          Trainable
        </Link>
        <div className="flex-1" />
        <ConnectionState />
        <Link
          to="/settings/$section"
          params={{ section: "models" }}
          title="Settings: models"
          aria-label="Settings: models"
          className="inline-flex size-7 items-center justify-center rounded-sm text-muted transition-colors hover:bg-hover hover:text-fg aria-[current=page]:bg-hover aria-[current=page]:text-fg"
        >
          <Settings size={16} />
        </Link>
        <a
          href="/graphiql"
          target="_blank"
          rel="noreferrer"
          title="GraphiQL: the API"
          aria-label="GraphiQL: the API"
          className="inline-flex size-7 items-center justify-center rounded-sm text-muted transition-colors hover:bg-hover hover:text-fg"
        >
          <Braces size={16} />
        </a>
        <IconButton label="Keyboard shortcuts" onClick={() => setSheet(true)}>
          <CircleHelp size={16} />
        </IconButton>
        {entry?.required && entry.authenticated && (
          <IconButton label="Sign out" onClick={() => void signOut().then(() => location.reload())}>
            <LogOut size={16} />
          </IconButton>
        )}
        <ThemeMenu />
      </header>
      <main id="main" tabIndex={-1} className="flex min-h-0 flex-1 flex-col outline-none">
        <Suspense fallback={<Skeleton />}>{closed ? <SignIn /> : <Outlet />}</Suspense>
      </main>
      <KeySheet open={sheet} onOpenChange={setSheet} />
      {palette && !closed && (
        <Suspense fallback={null}>
          <Palette onClose={() => setPalette(false)} />
        </Suspense>
      )}
    </div>
  );
}

function ThemeMenu() {
  const choice = useThemeChoice();
  return (
    <Menu
      trigger={
        <IconButton label="Theme">
          <SunMoon size={16} />
        </IconButton>
      }
    >
      <MenuChoice
        label="Theme"
        value={choice}
        onChange={chooseTheme}
        options={[
          { value: "system", label: "As the system", icon: <Monitor size={14} /> },
          { value: "light", label: "Light", icon: <Sun size={14} /> },
          { value: "dark", label: "Dark", icon: <Moon size={14} /> },
        ]}
      />
    </Menu>
  );
}

export function Lost() {
  return (
    <Empty title="There is no such page">
      <Link to="/" className="text-accent underline">
        Go to the experiments
      </Link>
    </Empty>
  );
}

/** Where a page that broke ends up; the rest of the client goes on. */
export function Trouble({ error }: ErrorComponentProps) {
  const cause = error instanceof Error ? error : new Error(String(error));
  const router = useRouter();
  return (
    <Failure
      title="This page broke"
      trouble={{ message: cause.message, detail: cause.stack }}
      retry={() => void router.invalidate()}
    />
  );
}
