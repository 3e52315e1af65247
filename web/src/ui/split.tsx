import type { ReactNode } from "react";
import { Group, Panel, Separator } from "react-resizable-panels";

const KEY = "trainable.split";

function readLayout(): { left: number; right: number } | undefined {
  try {
    const layout: unknown = JSON.parse(localStorage.getItem(KEY) ?? "null");
    if (layout && typeof layout === "object" && "left" in layout && "right" in layout) {
      return { left: Number(layout.left), right: Number(layout.right) };
    }
  } catch {
    // What is stored is not ours to trust; the default layout does.
  }
  return undefined;
}

/** Two panes and a separator that mouse and arrow keys move; the reader's choice is kept. */
export function Split({ left, right, label }: { left: ReactNode; right: ReactNode; label: string }) {
  return (
    <Group
      orientation="horizontal"
      className="min-h-0 flex-1"
      defaultLayout={readLayout() ?? { left: 38, right: 62 }}
      onLayoutChanged={(layout) => localStorage.setItem(KEY, JSON.stringify(layout))}
    >
      <Panel id="left" minSize="300px" className="flex min-w-0 flex-col">
        {left}
      </Panel>
      <Separator
        aria-label={label}
        className="w-px bg-line transition-colors outline-none hover:bg-accent focus-visible:bg-accent data-[separator=active]:bg-accent"
      />
      <Panel id="right" minSize="360px" className="flex min-w-0 flex-col">
        {right}
      </Panel>
    </Group>
  );
}
