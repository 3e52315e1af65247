/** The reports of the three stages, with their figures where the agent put them. */
import { useNavigate, useSearch } from "@tanstack/react-router";
import { Download, FileText, History } from "lucide-react";
import { useCallback, useState } from "react";
import { fileAddress } from "@/api/files";
import { type FragmentType, graphql, readFragment } from "@/api/gql";
import type { Stage } from "@/api/gql/graphql";
import { useView } from "@/stream/use-session";
import { CopyIcon } from "@/ui/copy";
import { Empty, Notice, Skeleton } from "@/ui/pane";
import { Segments } from "@/ui/segments";
import { Markdown } from "../markdown/markdown";
import { stageName, stages } from "../words";

const ReportSessionFragment = graphql(`
  fragment ReportSession on Session {
    id
    stages {
      stage
      state
      current {
        id
      }
    }
  }
`);

export function ReportPane({ session }: { session: FragmentType<typeof ReportSessionFragment> }) {
  const data = readFragment(ReportSessionFragment, session);
  const { stage: chosen } = useSearch({ from: "/e/$experiment/s/$session" });
  const navigate = useNavigate({ from: "/e/$experiment/s/$session" });
  const reports = useView((view) => view.reports);
  const caughtUp = useView((view) => view.caughtUp);
  const base = useView((view) => view.filesBase);
  const newest = stages.findLast((stage) => reports[stage]);
  // The first report opens by itself; a later one says that it is there and leaves the reader where they are.
  const [known, setKnown] = useState<Stage | null>(null);
  if (caughtUp && newest && known === null) setKnown(newest);
  const stage: Stage = chosen ?? known ?? newest ?? "EDA";
  const open = (value: Stage) => {
    setKnown(newest ?? null);
    void navigate({ search: (old) => ({ ...old, tab: "report", stage: value }), replace: true });
  };
  const report = reports[stage];
  const status = data.stages.find((one) => one.stage === stage);

  const openFile = useCallback(
    (file: string) => void navigate({ search: (old) => ({ ...old, tab: "files", file }) }),
    [navigate],
  );

  return (
    <div className="flex min-h-0 flex-1 flex-col">
      <div className="flex shrink-0 items-center gap-2 border-b border-line px-3 py-1.5">
        <Segments
          label="Stage of the report"
          value={stage}
          options={stages.map((value) => ({ value, label: stageName[value] }))}
          onChange={open}
        />
        <div className="flex-1" />
        {report && (
          <>
            <CopyIcon label="Copy the report as Markdown" text={() => report.content} />
            {base && (
              <a
                href={fileAddress(base, report.path)}
                download
                aria-label="Download the report"
                title="Download the report"
                className="inline-flex size-7 items-center justify-center rounded-sm text-muted hover:bg-hover hover:text-fg"
              >
                <Download size={14} />
              </a>
            )}
          </>
        )}
      </div>
      {newest && known && newest !== known && newest !== stage && (
        <Notice icon={<FileText size={14} aria-hidden />}>
          The {stageName[newest]} report is ready.{" "}
          <button type="button" className="text-accent underline underline-offset-2" onClick={() => open(newest)}>
            Read it
          </button>
        </Notice>
      )}
      {report && status?.state === "RUNNING" && status.current?.id !== report.run && (
        <Notice icon={<History size={14} aria-hidden />}>
          This is from an earlier run. {stageName[stage]} is running again and will replace it.
        </Notice>
      )}
      {report ? (
        <div
          className="min-h-0 flex-1 overflow-y-auto"
          tabIndex={0}
          role="group"
          aria-label={`${stageName[stage]} report`}
        >
          <Markdown
            className="report px-6 py-5"
            text={report.content}
            base={base}
            path={report.path}
            onOpenFile={openFile}
          />
        </div>
      ) : caughtUp ? (
        <Empty icon={<FileText size={28} aria-hidden />} title={`No ${stageName[stage]} report yet`}>
          {status?.state === "RUNNING" ? "The agent is working on it." : "The stage writes one before it ends."}
        </Empty>
      ) : (
        <Skeleton lines={10} />
      )}
    </div>
  );
}
