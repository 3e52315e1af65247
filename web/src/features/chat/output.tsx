/** What a script printed, as it prints it. */
import { useMemo, useState } from "react";
import { formatBytes, formatCount } from "@/lib/format";
import type { OutputPiece } from "@/stream/view";

/** Lines shown before the reader asks for all of them. */
const SHOWN = 400;

/** The last line that says something. */
export function tail(pieces: readonly OutputPiece[]): string {
  for (let at = pieces.length - 1; at >= 0; at -= 1) {
    const lines = (pieces[at]?.text ?? "").slice(-2000).split(/[\r\n]+/);
    const line = lines.findLast((one) => one.trim() !== "");
    if (line) return line;
  }
  return "";
}

interface Props {
  pieces: readonly OutputPiece[];
  /** Bytes that the server did not keep. */
  dropped: number;
}

export function Output({ pieces, dropped }: Props) {
  const [all, setAll] = useState(false);
  const { shown, hidden } = useMemo(() => (all ? { shown: pieces, hidden: 0 } : last(pieces, SHOWN)), [pieces, all]);
  return (
    <div className="overflow-hidden rounded-sm border border-line bg-sunken">
      {hidden > 0 && (
        <button
          type="button"
          onClick={() => setAll(true)}
          className="w-full border-b border-line px-3 py-1 text-left text-small text-accent hover:bg-hover"
        >
          Show {formatCount(hidden)} earlier lines
        </button>
      )}
      <pre
        tabIndex={0}
        role="group"
        aria-label="Output"
        className="max-h-96 overflow-auto p-3 font-mono text-code whitespace-pre"
      >
        {shown.map((piece, at) =>
          piece.stream === "STDERR" ? (
            <span key={at} className="text-error" title="Standard error">
              {piece.text}
            </span>
          ) : (
            piece.text
          ),
        )}
      </pre>
      {dropped > 0 && (
        <p className="border-t border-line px-3 py-1 text-small text-warn">
          {formatBytes(dropped)} of output were over the limit and not kept.
        </p>
      )}
    </div>
  );
}

function last(pieces: readonly OutputPiece[], lines: number): { shown: readonly OutputPiece[]; hidden: number } {
  const total = pieces.reduce((sum, { text }) => sum + text.split("\n").length - 1, 0);
  let hidden = total - lines;
  if (hidden <= 0) return { shown: pieces, hidden: 0 };
  const count = hidden;
  const shown: OutputPiece[] = [];
  for (const piece of pieces) {
    if (hidden <= 0) {
      shown.push(piece);
      continue;
    }
    const rows = piece.text.split("\n");
    if (rows.length - 1 < hidden) {
      hidden -= rows.length - 1;
      continue;
    }
    shown.push({ ...piece, text: rows.slice(hidden).join("\n") });
    hidden = 0;
  }
  return { shown, hidden: count };
}
