import type { Room } from "@playhead/sdk";
import { useEffect, useState } from "react";

const lookEveryMs = 200;

/** Whole seconds from now until a tick, 0 once it is there; undefined without one. Renders once a second. */
export function useCountdown(room: Room, tick: number | undefined): number | undefined {
  const [leftS, setLeftS] = useState<number>();
  useEffect(() => {
    if (tick === undefined) {
      setLeftS(undefined);
      return;
    }
    const look = () => {
      const leftMs = room.untilTickMs(tick);
      setLeftS(leftMs === undefined ? undefined : Math.max(0, Math.ceil(leftMs / 1000)));
    };
    look();
    const timer = setInterval(look, lookEveryMs);
    return () => clearInterval(timer);
  }, [room, tick]);
  return leftS;
}
