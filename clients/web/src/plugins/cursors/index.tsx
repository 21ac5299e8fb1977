// Everyone's pointer on the picture. Places come a few times a second; the browser glides between them.
import { type CSSProperties, useEffect, useRef, useState } from "react";
import { usePluginEvent } from "../../hooks/use-plugin-event";
import {
  fieldsOf,
  listOf,
  numberOf,
  numbersOf,
  type PluginProps,
  type PluginUi,
  viewerOf,
} from "../plugin";
import "./cursors.css";

/** One that has not been told of for so long is gone. Unit: ms. */
const forgetMs = 10_000;
const hzDefault = 10;

interface Cursor {
  readonly viewer: number;
  readonly x: number;
  readonly y: number;
  readonly atMs: number;
}

/** Tells where the own pointer is on the picture: at most `hz` times a second, and always the last place. */
function useOwnPointer(
  { room, view }: PluginProps,
  picture: React.RefObject<HTMLDivElement | null>,
  on: boolean,
  hz: number,
): void {
  const live = view.status === "live" && room.may("cursors.point").allowed;
  useEffect(() => {
    const stage = picture.current?.closest<HTMLElement>(".stage");
    if (!stage || !on || !live) return;
    let sentAtMs = Number.NEGATIVE_INFINITY;
    let waiting: { x: number; y: number } | undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let visible = false;
    const flush = () => {
      timer = undefined;
      if (!waiting) return;
      sentAtMs = performance.now();
      visible = true;
      room.signal("cursors", "point", waiting);
      waiting = undefined;
    };
    const hide = () => {
      clearTimeout(timer);
      timer = undefined;
      waiting = undefined;
      if (visible) room.signal("cursors", "hide", {});
      visible = false;
    };
    const move = ({ clientX, clientY, pointerType }: PointerEvent) => {
      const box = picture.current?.getBoundingClientRect();
      // A finger that scrolls past points at nothing.
      if (!box || box.width === 0 || pointerType === "touch") return;
      const x = Math.round(((clientX - box.left) / box.width) * 1000) / 1000;
      const y = Math.round(((clientY - box.top) / box.height) * 1000) / 1000;
      if (x < 0 || x > 1 || y < 0 || y > 1) {
        hide();
        return;
      }
      waiting = { x, y };
      timer ??= setTimeout(flush, Math.max(0, sentAtMs + 1000 / hz - performance.now()));
    };
    stage.addEventListener("pointermove", move);
    stage.addEventListener("pointerleave", hide);
    return () => {
      stage.removeEventListener("pointermove", move);
      stage.removeEventListener("pointerleave", hide);
      hide();
    };
  }, [room, picture, on, hz, live]);
}

function Layer(props: PluginProps) {
  const { room, view, plugin } = props;
  const picture = useRef<HTMLDivElement>(null);
  const [cursors, setCursors] = useState<ReadonlyMap<number, Cursor>>(new Map());
  const on = plugin.state.on === true && !plugin.suspended;
  const hz = numberOf(plugin.state.hz) || hzDefault;
  useOwnPointer(props, picture, on, hz);

  usePluginEvent(room, "cursors", "moved", (event) => {
    const atMs = performance.now();
    setCursors((before) => {
      const after = new Map(before);
      for (const item of listOf(event.cursors)) {
        const { viewer, x, y } = fieldsOf(item);
        const id = numberOf(viewer);
        if (id !== view.me) after.set(id, { viewer: id, x: numberOf(x), y: numberOf(y), atMs });
      }
      for (const viewer of numbersOf(event.gone)) after.delete(viewer);
      return after;
    });
  });
  useEffect(() => {
    if (cursors.size === 0) return;
    const timer = setInterval(() => {
      const sinceMs = performance.now() - forgetMs;
      setCursors((before) => {
        const after = new Map([...before].filter(([, { atMs }]) => atMs > sinceMs));
        return after.size === before.size ? before : after;
      });
    }, 1000);
    return () => clearInterval(timer);
  }, [cursors.size]);

  return (
    <div className="cursors" ref={picture} aria-hidden="true" data-testid="cursors">
      {on &&
        [...cursors.values()].map(({ viewer, x, y }) => {
          const row = viewerOf(view, viewer);
          return (
            row && (
              <span
                key={viewer}
                className="cursor"
                data-viewer={viewer}
                style={
                  {
                    "--hue": row.hue,
                    "--x": x,
                    "--y": y,
                    "--glide": `${Math.round(1000 / hz) + 30}ms`,
                  } as CSSProperties
                }
              >
                <svg
                  viewBox="0 0 16 20"
                  width="16"
                  height="20"
                  aria-hidden="true"
                  focusable="false"
                >
                  <path d="M1 1v15l4-3.6 2.6 6 2.8-1.2-2.6-5.9H13z" />
                </svg>
                <bdi>{row.name}</bdi>
              </span>
            )
          );
        })}
    </div>
  );
}

const cursors: PluginUi = { Layer };
export default cursors;
