import type { ButtonHTMLAttributes, ReactNode, Ref } from "react";
import { cx } from "@/lib/cx";

type Look = "primary" | "plain" | "quiet" | "danger";

const looks: Record<Look, string> = {
  primary: "bg-accent text-on-accent border-transparent hover:brightness-110",
  plain: "bg-surface text-fg border-control hover:bg-hover",
  quiet: "bg-transparent text-muted border-transparent hover:bg-hover hover:text-fg",
  danger: "bg-error text-on-accent border-transparent hover:brightness-110",
};

export interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  look?: Look;
  icon?: ReactNode;
  ref?: Ref<HTMLButtonElement>;
}

export function Button({ look = "plain", icon, className, children, type = "button", ...rest }: ButtonProps) {
  return (
    <button
      type={type}
      className={cx(
        "inline-flex h-8 shrink-0 items-center justify-center gap-1.5 rounded-sm border px-3 text-ui font-medium whitespace-nowrap transition-colors disabled:opacity-50",
        looks[look],
        className,
      )}
      {...rest}
    >
      {icon}
      {children}
    </button>
  );
}

/** A square button that shows only an icon; its name is what a screen reader says and a tooltip shows. */
export function IconButton({ label, className, children, type = "button", ...rest }: ButtonProps & { label: string }) {
  return (
    <button
      type={type}
      aria-label={label}
      title={label}
      className={cx(
        "inline-flex size-7 shrink-0 items-center justify-center rounded-sm text-muted transition-colors hover:bg-hover hover:text-fg disabled:opacity-50",
        className,
      )}
      {...rest}
    >
      {children}
    </button>
  );
}
