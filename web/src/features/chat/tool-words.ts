/** What a tool call is about, in a few words, from what the agent asked. */
import type { ToolItem } from "@/stream/view";

function field(input: unknown, name: string): string | null {
  if (!input || typeof input !== "object" || !(name in input)) return null;
  const value = (input as Record<string, unknown>)[name];
  return typeof value === "string" ? value : null;
}

export function codeOf(item: ToolItem): string | null {
  return item.tool === "execute_code" ? field(item.input, "code") : null;
}

export function askedFor(item: ToolItem): { title: string; detail: string } {
  const { tool, input } = item;
  switch (tool) {
    case "execute_code": {
      const slug = field(input, "slug")?.replace(/[_-]+/g, " ");
      return { title: "Run", detail: slug || item.execution?.script || firstLine(codeOf(item) ?? "") };
    }
    case "read_file":
      return { title: "Read", detail: field(input, "path") ?? "" };
    case "list_files":
      return { title: "List", detail: field(input, "path") ?? "the session's files" };
    case "update_plan":
      return { title: "Plan", detail: "updated" };
    case "finish_stage":
      return { title: "Finish", detail: field(input, "summary") ?? "the stage" };
    default:
      return { title: tool.replaceAll("_", " "), detail: "" };
  }
}

function firstLine(code: string): string {
  const line = code.split("\n").find((one) => one.trim() !== "") ?? "";
  return line.replace(/^#+\s*/, "");
}
