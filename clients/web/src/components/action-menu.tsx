// A button with a list of things to do. What cannot be done stays in the list, with the reason.
import { type KeyboardEvent, type ReactNode, useEffect, useId, useRef, useState } from "react";

export interface MenuAction {
  id: string;
  label: string;
  /** Empty when it can be done. */
  disabledReason: string;
  danger?: boolean;
  onSelect(): void;
}

export interface ActionMenuProps {
  label: string;
  face: ReactNode;
  /** Made anew each time the list opens. */
  actions(): readonly MenuAction[];
  className?: string;
  testId?: string;
}

/** Unit: CSS pixels. */
const edge = 8;

/** Within the window, under the button or, where there is more room, above it: no scrolling parent cuts it off. */
function place(list: HTMLElement, button: DOMRect): void {
  const below = window.innerHeight - button.bottom - edge;
  const above = button.top - edge;
  const under = list.offsetHeight <= below || below >= above;
  list.style.maxHeight = `${Math.max(below, above)}px`;
  list.style.left = `${Math.max(edge, button.right - list.offsetWidth)}px`;
  if (under) list.style.top = `${button.bottom}px`;
  else list.style.bottom = `${window.innerHeight - button.top}px`;
}

export function ActionMenu({
  label,
  face,
  actions,
  className = "control control-small",
  testId,
}: ActionMenuProps) {
  const [open, setOpen] = useState<readonly MenuAction[] | null>(null);
  const frame = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const listId = useId();

  useEffect(() => {
    if (!open) return;
    const list = frame.current?.querySelector<HTMLElement>("[role=menu]");
    if (list && button.current) place(list, button.current.getBoundingClientRect());
    list?.querySelector("button")?.focus({ preventScroll: true });
    const onOutside = (event: Event) => {
      if (!frame.current?.contains(event.target as Node)) setOpen(null);
    };
    // It stands still while what it belongs to is scrolled away.
    const onScroll = (event: Event) => {
      if (!list?.contains(event.target as Node)) setOpen(null);
    };
    document.addEventListener("pointerdown", onOutside);
    document.addEventListener("scroll", onScroll, true);
    return () => {
      document.removeEventListener("pointerdown", onOutside);
      document.removeEventListener("scroll", onScroll, true);
    };
  }, [open]);

  const close = () => {
    setOpen(null);
    button.current?.focus();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (!open) return;
    const items = [...(frame.current?.querySelectorAll<HTMLElement>("[role=menuitem]") ?? [])];
    const at = items.indexOf(document.activeElement as HTMLElement);
    const to: Record<string, number> = {
      ArrowDown: (at + 1) % items.length,
      ArrowUp: (at - 1 + items.length) % items.length,
      Home: 0,
      End: items.length - 1,
    };
    const next = to[event.key];
    if (event.key === "Escape") close();
    else if (event.key === "Tab") setOpen(null);
    else if (next !== undefined) items[next]?.focus();
    else return;
    if (event.key !== "Tab") event.preventDefault();
    event.stopPropagation();
  };

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: it only catches keys that bubble from its menu items.
    <div className="menu" ref={frame} onKeyDown={onKeyDown}>
      <button
        ref={button}
        type="button"
        className={className}
        aria-label={label}
        aria-haspopup="menu"
        aria-expanded={open !== null}
        aria-controls={open ? listId : undefined}
        title={label}
        data-testid={testId}
        onClick={() => setOpen(open ? null : actions())}
      >
        {face}
      </button>
      {open && (
        <div className="menu-list menu-down" role="menu" id={listId} aria-label={label}>
          {open.map(({ id, label: name, disabledReason, danger, onSelect }) => (
            <button
              key={id}
              type="button"
              role="menuitem"
              className={danger ? "menu-danger" : ""}
              aria-disabled={disabledReason !== ""}
              data-action={id}
              onClick={() => {
                if (disabledReason !== "") return;
                close();
                onSelect();
              }}
            >
              <span>
                {name}
                {disabledReason && <small>{disabledReason}</small>}
              </span>
            </button>
          ))}
        </div>
      )}
    </div>
  );
}
