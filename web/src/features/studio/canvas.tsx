/** The right side: what the session made, in tabs. A tab with something new that was not looked at yet says so. */
import { useNavigate, useSearch } from "@tanstack/react-router";
import { ChartLine, Code2, Files, FileText, Table2 } from "lucide-react";
import { lazy, Suspense, useState } from "react";
import { type FragmentType, graphql, readFragment } from "@/api/gql";
import { type CanvasTab, canvasTabs } from "@/app/search";
import { useHotkey } from "@/lib/keys";
import { useView } from "@/stream/use-session";
import type { SessionView } from "@/stream/view";
import { Skeleton } from "@/ui/pane";
import { Tabs } from "@/ui/tabs";
import { ReportPane } from "../report/report-pane";

// Each pane is fetched when its tab is first opened; the report comes with the page.
const CodePane = lazy(() => import("../code/code-pane").then((module) => ({ default: module.CodePane })));
const DataPane = lazy(() => import("../data/data-pane").then((module) => ({ default: module.DataPane })));
const FilesPane = lazy(() => import("../files/files-pane").then((module) => ({ default: module.FilesPane })));
const MetricsPane = lazy(() => import("../metrics/metrics-pane").then((module) => ({ default: module.MetricsPane })));

const CanvasSessionFragment = graphql(`
  fragment CanvasSession on Session {
    id
    state
    ...ReportSession
    ...MetricsSession
  }
`);

const looks: Record<CanvasTab, { label: string; icon: typeof FileText }> = {
  report: { label: "Report", icon: FileText },
  files: { label: "Files", icon: Files },
  metrics: { label: "Metrics", icon: ChartLine },
  code: { label: "Code", icon: Code2 },
  data: { label: "Data", icon: Table2 },
};

/** A number for each tab that grows whenever it has something new to show. */
const newest: Record<CanvasTab, (view: SessionView) => number> = {
  report: (view) => Object.values(view.reports).reduce((sum, report) => sum + report.content.length, 0),
  files: (view) => view.filesSeq,
  metrics: (view) => view.series.size,
  code: (view) => view.items.reduce((count, item) => count + (item.kind === "tool" ? 1 : 0), 0),
  data: () => 0,
};

/** What the canvas opens with by itself, before the reader chose: the first thing there is. */
function opening(view: SessionView): CanvasTab {
  if (view.state === "TRAIN_RUNNING" && view.series.size > 0) return "metrics";
  return Object.keys(view.reports).length > 0 ? "report" : "data";
}

export function Canvas({ session }: { session: FragmentType<typeof CanvasSessionFragment> }) {
  const data = readFragment(CanvasSessionFragment, session);
  const { tab: chosen } = useSearch({ from: "/e/$experiment/s/$session" });
  const navigate = useNavigate({ from: "/e/$experiment/s/$session" });
  const first = useView(opening);
  const caughtUp = useView((view) => view.caughtUp);
  // By itself the canvas opens once; what comes after that puts a mark on its tab.
  const [opened, setOpened] = useState<CanvasTab | null>(null);
  if (caughtUp && opened === null && first !== "data") setOpened(first);
  const tab = chosen ?? opened ?? first;

  const now: Record<CanvasTab, number> = {
    report: useView(newest.report),
    files: useView(newest.files),
    metrics: useView(newest.metrics),
    code: useView(newest.code),
    data: useView(newest.data),
  };
  const [seen, setSeen] = useState<Record<CanvasTab, number> | null>(null);
  if (caughtUp && seen === null) setSeen(now);

  const open = (next: CanvasTab) => {
    setSeen((before) => ({ ...(before ?? now), [tab]: now[tab], [next]: now[next] }));
    void navigate({ search: (old) => ({ ...old, tab: next }), replace: true });
  };
  const step = (by: number) => {
    const at = (canvasTabs.indexOf(tab) + by + canvasTabs.length) % canvasTabs.length;
    open(canvasTabs[at] ?? tab);
  };
  useHotkey("[", () => step(-1));
  useHotkey("]", () => step(1));

  return (
    <Tabs
      label="Canvas"
      value={tab}
      onChange={open}
      tabs={canvasTabs.map((value) => {
        const { label, icon: Icon } = looks[value];
        return {
          value,
          label,
          icon: <Icon size={14} aria-hidden />,
          badge: seen !== null && value !== tab && now[value] > seen[value],
        };
      })}
    >
      <Suspense fallback={<Skeleton />}>
        {tab === "report" && <ReportPane session={data} />}
        {tab === "files" && <FilesPane sessionId={data.id} />}
        {tab === "metrics" && <MetricsPane session={data} />}
        {tab === "code" && <CodePane />}
        {tab === "data" && <DataPane sessionId={data.id} />}
      </Suspense>
    </Tabs>
  );
}
