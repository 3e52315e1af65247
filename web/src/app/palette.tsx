/** ⌘K: go anywhere or do a common thing by typing a part of its name. */
import { useNavigate, useParams } from "@tanstack/react-router";
import { Bot, Braces, FlaskConical, House, Moon, PanelRight, Sun, SunMoon } from "lucide-react";
import { type KeyboardEvent, type ReactNode, useId, useState } from "react";
import { useQuery } from "urql";
import { graphql } from "@/api/gql";
import { cx } from "@/lib/cx";
import { chooseTheme } from "@/lib/theme";
import { Dialog } from "@/ui/dialog";
import { canvasTabs } from "./search";

const PaletteQuery = graphql(`
  query Palette($search: String) {
    experiments(first: 8, search: $search) {
      nodes {
        id
        name
        latestSession {
          id
        }
      }
    }
  }
`);

interface Entry {
  key: string;
  label: string;
  kind: string;
  icon: ReactNode;
  run: () => void;
}

export function Palette({ onClose }: { onClose: () => void }) {
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  const list = useId();
  const entries = useEntries(text.trim());
  const current = Math.min(at, entries.length - 1);

  const run = (entry: Entry | undefined) => {
    if (!entry) return;
    onClose();
    entry.run();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "ArrowDown") setAt(Math.min(current + 1, entries.length - 1));
    else if (event.key === "ArrowUp") setAt(Math.max(current - 1, 0));
    else if (event.key === "Enter") run(entries[current]);
    else return;
    event.preventDefault();
  };

  return (
    <Dialog open onOpenChange={onClose} title="Go to">
      <input
        role="combobox"
        aria-label="Go to"
        aria-expanded={entries.length > 0}
        aria-controls={list}
        aria-activedescendant={entries[current] && `${list}-${current}`}
        placeholder="An experiment, a tab, a theme…"
        value={text}
        onChange={(event) => {
          setText(event.target.value);
          setAt(0);
        }}
        onKeyDown={onKeyDown}
        className="h-9 w-full rounded-sm border border-control bg-surface px-2.5 placeholder:text-faint"
      />
      <div id={list} role="listbox" aria-label="Results" className="mt-2 max-h-80 overflow-y-auto">
        {entries.map((entry, index) => (
          <div
            key={entry.key}
            id={`${list}-${index}`}
            role="option"
            tabIndex={-1}
            aria-selected={index === current}
            ref={(element) => {
              if (index === current) element?.scrollIntoView({ block: "nearest" });
            }}
            onPointerMove={() => setAt(index)}
            onClick={() => run(entry)}
            onKeyDown={onKeyDown}
            className={cx(
              "flex h-8 cursor-pointer items-center gap-2 rounded-sm px-2",
              index === current && "bg-hover",
            )}
          >
            {entry.icon}
            <span className="min-w-0 flex-1 truncate">{entry.label}</span>
            <span className="text-small text-muted">{entry.kind}</span>
          </div>
        ))}
      </div>
      {entries.length === 0 && <p className="px-2 py-4 text-muted">Nothing goes by that name.</p>}
    </Dialog>
  );
}

function useEntries(text: string): Entry[] {
  const navigate = useNavigate();
  const { experiment, session } = useParams({ strict: false });
  const [{ data }] = useQuery({ query: PaletteQuery, variables: { search: text || null } });
  const fixed: Entry[] = [
    {
      key: "home",
      label: "Experiments",
      kind: "page",
      icon: <House size={14} aria-hidden />,
      run: () => void navigate({ to: "/" }),
    },
    ...(experiment && session
      ? canvasTabs.map((tab) => ({
          key: tab,
          label: tab.charAt(0).toUpperCase() + tab.slice(1),
          kind: "tab",
          icon: <PanelRight size={14} aria-hidden />,
          run: () =>
            void navigate({
              to: "/e/$experiment/s/$session",
              params: { experiment, session },
              search: (old) => ({ ...old, tab, pane: "canvas" as const }),
            }),
        }))
      : []),
    {
      key: "models",
      label: "Models and providers",
      kind: "settings",
      icon: <Bot size={14} aria-hidden />,
      run: () => void navigate({ to: "/settings/$section", params: { section: "models" } }),
    },
    theme("Light", "light", <Sun size={14} aria-hidden />),
    theme("Dark", "dark", <Moon size={14} aria-hidden />),
    theme("As the system", "system", <SunMoon size={14} aria-hidden />),
    {
      key: "graphiql",
      label: "GraphiQL",
      kind: "page",
      icon: <Braces size={14} aria-hidden />,
      run: () => void window.open("/graphiql", "_blank", "noreferrer"),
    },
  ];
  const found = (data?.experiments.nodes ?? []).map((node): Entry => {
    const params = { experiment: node.id, session: node.latestSession?.id ?? "" };
    return {
      key: node.id,
      label: node.name,
      kind: "experiment",
      icon: <FlaskConical size={14} aria-hidden />,
      run: () =>
        void (node.latestSession
          ? navigate({ to: "/e/$experiment/s/$session", params })
          : navigate({ to: "/e/$experiment", params })),
    };
  });
  const named = fixed.filter(({ label, kind }) => `${label} ${kind}`.toLowerCase().includes(text.toLowerCase()));
  return [...named, ...found];
}

function theme(label: string, choice: "light" | "dark" | "system", icon: ReactNode): Entry {
  return { key: `theme ${choice}`, label, kind: "theme", icon, run: () => chooseTheme(choice) };
}
