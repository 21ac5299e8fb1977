import type { Toast } from "../hooks/use-toasts";

export function Toasts({ toasts }: { toasts: readonly Toast[] }) {
  return (
    <div
      className="toasts"
      role="log"
      aria-live="polite"
      aria-label="What happened"
      data-testid="toasts"
    >
      {toasts.map(({ id, text, tone }) => (
        <div key={id} className={tone === "bad" ? "toast toast-bad" : "toast"}>
          {text}
        </div>
      ))}
    </div>
  );
}
