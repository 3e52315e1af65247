/** The server's settings as they are; what can be changed is changed on the server, and each page says how. */
import { Link, useParams } from "@tanstack/react-router";
import { Bot } from "lucide-react";
import { Lost } from "@/app/shell";
import { Models } from "./models";

const sections = { models: { label: "Models", icon: Bot, page: Models } } as const;

export function Settings() {
  const { section } = useParams({ from: "/settings/$section" });
  if (!Object.hasOwn(sections, section)) return <Lost />;
  const { page: Page } = sections[section as keyof typeof sections];
  return (
    <div className="min-h-0 flex-1 overflow-y-auto">
      <div className="mx-auto flex w-full max-w-6xl flex-col gap-6 px-4 py-6 md:flex-row">
        <nav aria-label="Settings" className="shrink-0 md:w-44">
          <p className="px-2 pb-1 text-small text-muted">Settings</p>
          <ul className="flex gap-1 md:flex-col">
            {Object.entries(sections).map(([key, { label, icon: Icon }]) => (
              <li key={key}>
                <Link
                  to="/settings/$section"
                  params={{ section: key }}
                  aria-current={key === section ? "page" : undefined}
                  className="flex h-8 items-center gap-2 rounded-sm px-2 font-medium hover:bg-hover aria-[current=page]:bg-accent-wash"
                >
                  <Icon size={14} aria-hidden /> {label}
                </Link>
              </li>
            ))}
          </ul>
        </nav>
        <div className="min-w-0 flex-1">
          <Page />
        </div>
      </div>
    </div>
  );
}
