// A button that stays where it is when it cannot be used, and says why: on hover, to screen readers, and when it is
// pressed all the same, since a finger does not hover.
import type { ReactNode } from "react";
import type { Tell } from "../hooks/use-toasts";

export interface ActionButtonProps {
  /** Spoken, and shown on hover. Leave it out where the children say it. */
  label?: string;
  /** Why it cannot be used; empty when it can. */
  disabledReason: string;
  tell: Tell;
  onAct(): void;
  children: ReactNode;
  className?: string;
  pressed?: boolean;
  testId?: string;
}

export function ActionButton({
  label,
  disabledReason,
  tell,
  onAct,
  children,
  className = "button button-small",
  pressed,
  testId,
}: ActionButtonProps) {
  const off = disabledReason !== "";
  return (
    <button
      type="button"
      className={className}
      aria-label={label === undefined ? undefined : off ? `${label}. ${disabledReason}` : label}
      aria-disabled={off}
      aria-pressed={pressed}
      title={off ? disabledReason : label}
      data-testid={testId}
      onClick={() => (off ? tell(disabledReason) : onAct())}
    >
      {children}
    </button>
  );
}
