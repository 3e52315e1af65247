import { sentence } from "@/api/errors";

/** A sentence of the server's, as people write it; what stands in backticks is set as code. */
export function Sentence({ text }: { text: string }) {
  const pieces = sentence(text).split("`");
  // An odd backtick means nothing: then the sentence stands as it came.
  if (pieces.length % 2 === 0) return pieces.join("`");
  return pieces.map((piece, at) =>
    at % 2 === 1 ? (
      <code key={at} className="font-mono text-[0.95em] [overflow-wrap:anywhere]">
        {piece}
      </code>
    ) : (
      piece
    ),
  );
}
