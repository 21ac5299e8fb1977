import { type RefObject, useCallback, useEffect, useState } from "react";

/** Telephones of one maker can enlarge only a <video>, by a method of their own. */
interface WebkitVideo extends HTMLVideoElement {
  webkitEnterFullscreen?: () => void;
}

export function useFullscreen(
  frame: RefObject<HTMLElement | null>,
): readonly [boolean, () => void] {
  const [full, setFull] = useState(false);
  useEffect(() => {
    const update = () =>
      setFull(document.fullscreenElement === frame.current && frame.current !== null);
    document.addEventListener("fullscreenchange", update);
    return () => document.removeEventListener("fullscreenchange", update);
  }, [frame]);
  const toggle = useCallback(() => {
    const element = frame.current;
    if (!element) return;
    if (document.fullscreenElement) void document.exitFullscreen();
    else if (element.requestFullscreen) element.requestFullscreen().catch(() => undefined);
    else element.querySelector<WebkitVideo>("video")?.webkitEnterFullscreen?.();
  }, [frame]);
  return [full, toggle];
}
