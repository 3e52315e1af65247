import { X } from "lucide-react";
import { AlertDialog as RadixAlert, Dialog as RadixDialog } from "radix-ui";
import type { ReactNode } from "react";
import { cx } from "@/lib/cx";
import { Button, IconButton } from "./button";

const overlay = "fixed inset-0 z-40 bg-[rgb(0_0_0/0.4)]";
const panel =
  "fixed top-1/2 left-1/2 z-50 max-h-[calc(100dvh-2rem)] w-[calc(100vw-2rem)] -translate-x-1/2 -translate-y-1/2 overflow-auto rounded-lg border border-line bg-surface text-ui text-fg";

interface DialogProps {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  title: string;
  description?: string;
  wide?: boolean;
  children: ReactNode;
}

export function Dialog({ open, onOpenChange, title, description, wide, children }: DialogProps) {
  return (
    <RadixDialog.Root open={open} onOpenChange={onOpenChange}>
      <RadixDialog.Portal>
        <RadixDialog.Overlay className={overlay} />
        <RadixDialog.Content
          className={cx(panel, wide ? "max-w-2xl" : "max-w-md")}
          {...(description ? {} : { "aria-describedby": undefined })}
        >
          <div className="flex items-center justify-between border-b border-line py-2 pr-2 pl-4">
            <RadixDialog.Title className="font-semibold">{title}</RadixDialog.Title>
            <RadixDialog.Close asChild>
              <IconButton label="Close">
                <X size={16} />
              </IconButton>
            </RadixDialog.Close>
          </div>
          <div className="p-4">
            {description && (
              <RadixDialog.Description className="mb-4 text-muted">{description}</RadixDialog.Description>
            )}
            {children}
          </div>
        </RadixDialog.Content>
      </RadixDialog.Portal>
    </RadixDialog.Root>
  );
}

interface ConfirmProps {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  title: string;
  action: string;
  onConfirm: () => void;
  busy?: boolean;
  children: ReactNode;
}

/** Asks before something that cannot be taken back. */
export function Confirm({ open, onOpenChange, title, action, onConfirm, busy, children }: ConfirmProps) {
  return (
    <RadixAlert.Root open={open} onOpenChange={onOpenChange}>
      <RadixAlert.Portal>
        <RadixAlert.Overlay className={overlay} />
        <RadixAlert.Content className={cx(panel, "max-w-md p-4")}>
          <RadixAlert.Title className="font-semibold">{title}</RadixAlert.Title>
          <RadixAlert.Description asChild>
            <div className="mt-2 text-muted">{children}</div>
          </RadixAlert.Description>
          <div className="mt-4 flex justify-end gap-2">
            <RadixAlert.Cancel asChild>
              <Button>Keep</Button>
            </RadixAlert.Cancel>
            <Button look="danger" disabled={busy} onClick={onConfirm}>
              {action}
            </Button>
          </div>
        </RadixAlert.Content>
      </RadixAlert.Portal>
    </RadixAlert.Root>
  );
}
