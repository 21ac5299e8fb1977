import type { Room } from "@playhead/sdk";
import { useEffect, useRef } from "react";

/** Often enough to look smooth on a slider, seldom enough to leave the processor to the video. */
const frameMs = 50;

/**
 * Calls `show` with the room's position whenever it moves: while playing a few times a second, otherwise only when
 * something changed. It draws by hand (refs, styles), so that a moving position renders no component.
 */
export function usePosition(room: Room, moving: boolean, show: (positionMs: number) => void): void {
  const latest = useRef(show);
  latest.current = show;
  useEffect(() => {
    const draw = () => latest.current(room.positionMs());
    draw();
    const unsubscribe = room.subscribe(draw);
    if (!moving) return unsubscribe;
    let shownAtMs = 0;
    let frame = requestAnimationFrame(function onFrame(nowMs) {
      if (nowMs - shownAtMs >= frameMs) {
        shownAtMs = nowMs;
        draw();
      }
      frame = requestAnimationFrame(onFrame);
    });
    return () => {
      cancelAnimationFrame(frame);
      unsubscribe();
    };
  }, [room, moving]);
}
