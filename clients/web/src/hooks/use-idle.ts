import { type RefObject, useEffect, useState } from "react";

const idleAfterMs = 2500;

/** True when nobody has moved a pointer or pressed a key for a while; only watched while `enabled`. */
export function useIdle(frame: RefObject<HTMLElement | null>, enabled: boolean): boolean {
  const [idle, setIdle] = useState(false);
  useEffect(() => {
    setIdle(false);
    const element = frame.current;
    if (!enabled || !element) return;
    let timer = setTimeout(() => setIdle(true), idleAfterMs);
    const wake = () => {
      clearTimeout(timer);
      setIdle(false);
      timer = setTimeout(() => setIdle(true), idleAfterMs);
    };
    const names = ["pointermove", "pointerdown", "keydown", "focusin"] as const;
    for (const name of names) element.addEventListener(name, wake);
    return () => {
      clearTimeout(timer);
      for (const name of names) element.removeEventListener(name, wake);
    };
  }, [frame, enabled]);
  return idle;
}
