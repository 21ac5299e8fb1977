// A button with a short list to choose one from: speed, captions, quality.
import { type KeyboardEvent, type ReactNode, useEffect, useId, useRef, useState } from "react";
import { CheckIcon } from "./icons";

export interface MenuOption {
  id: string;
  label: string;
}

export interface MenuProps {
  label: string;
  /** What the button shows. */
  face: ReactNode;
  /** Read anew each time the list opens: renditions come and go. */
  options(): readonly MenuOption[];
  selected: string;
  onSelect(id: string): void;
  /** Why it cannot be used; empty when it can. */
  disabledReason?: string;
  testId?: string;
}

export function Menu({
  label,
  face,
  options,
  selected,
  onSelect,
  disabledReason = "",
  testId,
}: MenuProps) {
  const [open, setOpen] = useState<readonly MenuOption[] | null>(null);
  const frame = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const listId = useId();

  useEffect(() => {
    if (!open) return;
    const list = frame.current?.querySelector<HTMLElement>("[role=menu]");
    (
      list?.querySelector<HTMLElement>("[aria-checked=true]") ?? list?.querySelector("button")
    )?.focus();
    const onOutside = (event: Event) => {
      if (!frame.current?.contains(event.target as Node)) setOpen(null);
    };
    document.addEventListener("pointerdown", onOutside);
    return () => document.removeEventListener("pointerdown", onOutside);
  }, [open]);

  const close = () => {
    setOpen(null);
    button.current?.focus();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (!open) return;
    const items = [...(frame.current?.querySelectorAll<HTMLElement>("[role=menuitemradio]") ?? [])];
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
        className="control"
        aria-label={label}
        aria-haspopup="menu"
        aria-expanded={open !== null}
        aria-controls={open ? listId : undefined}
        title={disabledReason || label}
        aria-disabled={disabledReason !== ""}
        data-testid={testId}
        onClick={() => {
          if (disabledReason === "") setOpen(open ? null : options());
        }}
      >
        {face}
      </button>
      {open && (
        <div className="menu-list" role="menu" id={listId} aria-label={label}>
          {open.map(({ id, label: name }) => (
            <button
              key={id}
              type="button"
              role="menuitemradio"
              aria-checked={id === selected}
              onClick={() => {
                onSelect(id);
                close();
              }}
            >
              <span className="menu-check">{id === selected && <CheckIcon />}</span>
              {name}
            </button>
          ))}
        </div>
      )}
    </div>
  );
}
