/** Code to coloured pieces. Loaded when the first code is on the page. */
import { classHighlighter, highlightCode } from "@lezer/highlight";
import { parser as json } from "@lezer/json";
import { parser as python } from "@lezer/python";

export interface Piece {
  text: string;
  look: string;
}

const parsers = { python, py: python, json };

export function highlight(code: string, language: string): Piece[] {
  const parser = Object.hasOwn(parsers, language) ? parsers[language as keyof typeof parsers] : undefined;
  if (!parser) return [{ text: code, look: "" }];
  const pieces: Piece[] = [];
  highlightCode(
    code,
    parser.parse(code),
    classHighlighter,
    (text, look) => pieces.push({ text, look }),
    () => pieces.push({ text: "\n", look: "" }),
  );
  return pieces;
}
