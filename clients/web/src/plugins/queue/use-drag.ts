import { type PointerEvent, type RefObject, useState } from "react";
import { landingOf } from "./items";

interface Drag {
  readonly id: number;
  readonly fromY: number;
  readonly y: number;
  /** Where the rows were as it began: they are only pushed aside until it is let go. */
  readonly rows: readonly {
    readonly id: number;
    readonly middle: number;
    readonly height: number;
  }[];
}

/** A row that follows the pointer while the others make room. */
export function useDrag(
  list: RefObject<HTMLOListElement | null>,
  place: (id: number, to: number) => void,
) {
  const [drag, setDrag] = useState<Drag>();
  const from = drag?.rows.findIndex(({ id }) => id === drag.id) ?? -1;
  const to = drag ? landingOf(drag.y, drag.rows, drag.id) : -1;
  return {
    held: drag?.id,
    offsetOf(id: number): number {
      if (!drag) return 0;
      if (id === drag.id) return drag.y - drag.fromY;
      const at = drag.rows.findIndex((row) => row.id === id);
      const height = drag.rows[from]?.height ?? 0;
      if (at > from && at <= to) return -height;
      return at < from && at >= to ? height : 0;
    },
    hold(id: number, event: PointerEvent): void {
      event.currentTarget.setPointerCapture?.(event.pointerId);
      const rows = [...(list.current?.querySelectorAll<HTMLElement>("[data-item]") ?? [])];
      setDrag({
        id,
        fromY: event.clientY,
        y: event.clientY,
        rows: rows.map((row) => {
          const { top, height } = row.getBoundingClientRect();
          return { id: Number(row.dataset.item), middle: top + height / 2, height };
        }),
      });
    },
    move({ clientY }: PointerEvent): void {
      if (drag) setDrag({ ...drag, y: clientY });
    },
    drop(): void {
      if (!drag) return;
      setDrag(undefined);
      if (to !== from) place(drag.id, to);
    },
  };
}
