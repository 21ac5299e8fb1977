import { useCallback, useEffect, useRef, useState } from "react";

export interface Toast {
  id: number;
  text: string;
  tone: "plain" | "bad";
}

const shownMs = 4500;
/** A storm of events is not worth a wall of text. */
export const toastsMax = 4;

export type Tell = (text: string, tone?: Toast["tone"]) => void;

export function useToasts(): readonly [readonly Toast[], Tell] {
  const [toasts, setToasts] = useState<readonly Toast[]>([]);
  const next = useRef(1);
  const timers = useRef(new Set<ReturnType<typeof setTimeout>>());
  useEffect(() => {
    const running = timers.current;
    return () => {
      for (const timer of running) clearTimeout(timer);
    };
  }, []);
  const tell = useCallback<Tell>((text, tone = "plain") => {
    const id = next.current;
    next.current += 1;
    // The same news again replaces the old, as a dragged slider would tell it four times a second.
    setToasts((all) =>
      [...all.filter((toast) => toast.text !== text), { id, text, tone }].slice(-toastsMax),
    );
    const timer = setTimeout(() => {
      timers.current.delete(timer);
      setToasts((all) => all.filter((toast) => toast.id !== id));
    }, shownMs);
    timers.current.add(timer);
  }, []);
  return [toasts, tell];
}
