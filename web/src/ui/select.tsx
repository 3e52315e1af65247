import { type SelectHTMLAttributes, useId } from "react";
import { cx } from "@/lib/cx";

export interface Option {
  value: string;
  label: string;
  disabled?: boolean;
}

interface Props extends Omit<SelectHTMLAttributes<HTMLSelectElement>, "onChange"> {
  label: string;
  /** The label is for screen readers alone: what stands around says it. */
  bare?: boolean;
  options: readonly Option[];
  onChange: (value: string) => void;
}

/** One of many, as the system's own list. */
export function Select({ label, bare, options, onChange, className, ...rest }: Props) {
  const id = useId();
  return (
    <div className={cx("flex min-w-0 flex-col gap-1", className)}>
      <label htmlFor={id} className={bare ? "sr-only" : "font-medium"}>
        {label}
      </label>
      <select
        id={id}
        className="h-8 w-full min-w-0 rounded-sm border border-control bg-surface px-2 text-ui text-fg disabled:opacity-60"
        onChange={(event) => onChange(event.target.value)}
        {...rest}
      >
        {options.map((option) => (
          <option key={option.value} value={option.value} disabled={option.disabled}>
            {option.label}
          </option>
        ))}
      </select>
    </div>
  );
}
