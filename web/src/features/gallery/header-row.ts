/** The column names of a text table, read from its first line in the browser, as suggestions for the target. */

const HEAD_BYTES = 64 * 1024;

export async function readColumns(file: File): Promise<string[]> {
  if (!/\.(csv|tsv|txt)$/i.test(file.name)) return [];
  const head = await file
    .slice(0, HEAD_BYTES)
    .text()
    .catch(() => "");
  const line = head.split(/\r?\n/, 1)[0] ?? "";
  // A first line that does not end within what was read, or is not text, suggests nothing.
  if (line.length === head.length || line.includes("\u0000") || line.includes("\ufffd")) return [];
  return splitHeader(line.replace(/^\ufeff/, ""));
}

export function splitHeader(line: string): string[] {
  const bare = line.replace(/"(?:[^"]|"")*"/g, "");
  const delimiter = [",", "\t", ";", "|"].reduce((best, next) =>
    bare.split(next).length > bare.split(best).length ? next : best,
  );
  const names: string[] = [];
  let name = "";
  let quoted = false;
  for (const char of line) {
    if (char === '"') quoted = !quoted;
    else if (char === delimiter && !quoted) {
      names.push(name);
      name = "";
    } else name += char;
  }
  names.push(name);
  return [...new Set(names.map((one) => one.trim()).filter(Boolean))].slice(0, 500);
}
