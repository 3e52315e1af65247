import { Dialog } from "@/ui/dialog";

const keys: [string, string][] = [
  ["⌘K or Ctrl K", "Go to an experiment, a tab, a theme"],
  ["/", "Write to the agent"],
  ["Enter", "Send; the agent sees it at its next turn"],
  ["Shift Enter", "A new line"],
  ["⌘⇧Enter or Ctrl Shift Enter", "Interrupt what runs, and send"],
  ["[", "Previous tab"],
  ["]", "Next tab"],
  ["u", "New experiment, in the gallery"],
  ["?", "This sheet"],
  ["← →", "Move the separator, when it has the focus"],
];

export function KeySheet({ open, onOpenChange }: { open: boolean; onOpenChange: (open: boolean) => void }) {
  return (
    <Dialog open={open} onOpenChange={onOpenChange} title="Keyboard shortcuts">
      <dl className="grid grid-cols-[auto_1fr] items-center gap-x-4 gap-y-2">
        {keys.map(([key, what]) => (
          <div key={key} className="contents">
            <dt>
              <kbd className="rounded-sm border border-line bg-sunken px-1.5 py-0.5 font-mono text-code">{key}</kbd>
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
