import { cx } from "@/lib/cx";
import { Sentence } from "./sentence";

/** What a mutation was refused for, a sentence each. */
export function Problems({ of, className }: { of: readonly { message: string }[]; className?: string }) {
  return of.map(({ message }) => (
    <p key={message} role="alert" className={cx("text-small text-error", className)}>
      <Sentence text={message} />
    </p>
  ));
}
