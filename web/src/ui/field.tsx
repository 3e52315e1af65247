import { type InputHTMLAttributes, type Ref, type TextareaHTMLAttributes, useId } from "react";
import { cx } from "@/lib/cx";

const box =
  "w-full rounded-sm border border-control bg-surface px-2.5 text-ui text-fg placeholder:text-faint aria-invalid:border-error";

interface Common {
  label: string;
  hint?: string | undefined;
  error?: string | undefined;
}

function Around({ id, label, hint, error, children }: Common & { id: string; children: React.ReactNode }) {
  return (
    <div className="flex flex-col gap-1">
      <label htmlFor={id} className="font-medium">
        {label}
      </label>
      {children}
      {error ? (
        <p id={`${id}-note`} role="alert" className="text-small text-error">
          {error}
        </p>
      ) : (
        hint && (
          <p id={`${id}-note`} className="text-small text-muted">
            {hint}
          </p>
        )
      )}
    </div>
  );
}

export function TextField({
  label,
  hint,
  error,
  className,
  ...rest
}: Common & InputHTMLAttributes<HTMLInputElement> & { ref?: Ref<HTMLInputElement> }) {
  const id = useId();
  return (
    <Around id={id} label={label} hint={hint} error={error}>
      <input
        id={id}
        aria-invalid={error ? true : undefined}
        aria-describedby={hint || error ? `${id}-note` : undefined}
        className={cx(box, "h-8", className)}
        {...rest}
      />
    </Around>
  );
}

export function TextArea({
  label,
  hint,
  error,
  className,
  ...rest
}: Common & TextareaHTMLAttributes<HTMLTextAreaElement>) {
  const id = useId();
  return (
    <Around id={id} label={label} hint={hint} error={error}>
      <textarea
        id={id}
        aria-invalid={error ? true : undefined}
        aria-describedby={hint || error ? `${id}-note` : undefined}
        className={cx(box, "min-h-20 resize-y py-1.5", className)}
        {...rest}
      />
    </Around>
  );
}
