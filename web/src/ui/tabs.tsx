import { Tabs as Radix } from "radix-ui";
import type { ReactNode } from "react";
import { cx } from "@/lib/cx";

export interface Tab<T extends string> {
  value: T;
  label: string;
  icon?: ReactNode;
  /** Something new that the reader has not looked at. */
  badge?: boolean;
}

interface Props<T extends string> {
  label: string;
  value: T;
  tabs: Tab<T>[];
  onChange: (value: T) => void;
  children: ReactNode;
  className?: string;
}

export function Tabs<T extends string>({ label, value, tabs, onChange, children, className }: Props<T>) {
  return (
    <Radix.Root
      value={value}
      onValueChange={(next) => onChange(next as T)}
      activationMode="manual"
      className={cx("flex min-h-0 min-w-0 flex-1 flex-col", className)}
    >
      <Radix.List
        aria-label={label}
        className="flex h-10 shrink-0 items-stretch gap-1 overflow-x-auto border-b border-line px-2"
      >
        {tabs.map((tab) => (
          <Radix.Trigger
            key={tab.value}
            value={tab.value}
            className="relative flex items-center gap-1.5 px-2.5 text-ui font-medium whitespace-nowrap text-muted transition-colors hover:text-fg data-[state=active]:text-fg data-[state=active]:after:absolute data-[state=active]:after:inset-x-1 data-[state=active]:after:bottom-0 data-[state=active]:after:h-0.5 data-[state=active]:after:bg-accent"
          >
            {tab.icon}
            {tab.label}
            {tab.badge && (
              <>
                <span className="size-1.5 rounded-full bg-accent" aria-hidden />
                <span className="sr-only">, new</span>
              </>
            )}
          </Radix.Trigger>
        ))}
      </Radix.List>
      <Radix.Content value={value} tabIndex={-1} className="flex min-h-0 min-w-0 flex-1 flex-col outline-none">
        {children}
      </Radix.Content>
    </Radix.Root>
  );
}
