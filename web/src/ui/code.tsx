import { memo, useSyncExternalStore } from "react";
import { cx } from "@/lib/cx";
import { cell } from "@/lib/external";
import type { Piece } from "./highlight";

type Highlight = (code: string, language: string) => Piece[];

/** Past this many characters colouring costs more than it tells. */
const LIMIT = 200_000;

const loaded = cell<Highlight | null>(null);
let loading = false;

function subscribe(listener: () => void) {
  if (!loading) {
    loading = true;
    import("./highlight").then(
      (module) => loaded.set(module.highlight),
      () => {
        loading = false;
      },
    );
  }
  return loaded.subscribe(listener);
}

interface Props {
  text: string;
  language: string;
  framed?: boolean;
  className?: string;
}

/** Code in colour, as soon as the colouring is there; plain until then and when it is very long. */
export const Code = memo(function Code({ text, language, framed, className }: Props) {
  const highlight = useSyncExternalStore(subscribe, loaded.get);
  const pieces = highlight && text.length <= LIMIT ? highlight(text, language) : null;
  return (
    <pre
      tabIndex={0}
      className={cx(
        "overflow-auto font-mono text-code whitespace-pre",
        framed && "rounded-sm border border-line bg-sunken p-3",
        className,
      )}
    >
      <code>
        {pieces
          ? pieces.map((piece, at) =>
              piece.look ? (
                <span key={at} className={piece.look}>
                  {piece.text}
                </span>
              ) : (
                piece.text
              ),
            )
          : text}
      </code>
    </pre>
  );
});
