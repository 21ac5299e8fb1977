import { useEffect, useRef } from "react";

export interface Shortcuts {
  playPause(): void;
  skip(deltaMs: number): void;
  volume(delta: number): void;
  mute(): void;
  fullscreen(): void;
  captions(): void;
  help(): void;
  rate(direction: 1 | -1): void;
  /** 0..0.9 of the whole. */
  jump(fraction: number): void;
}

export const shortcutHelp: ReadonlyArray<readonly [keys: string, what: string]> = [
  ["Space or K", "Play or pause, for everyone"],
  ["J / L", "Back or forward 10 seconds"],
  ["← / →", "Back or forward 5 seconds"],
  ["0 … 9", "Go to that tenth of the video"],
  ["< / >", "Slower or faster"],
  ["↑ / ↓", "Your volume"],
  ["M", "Mute yourself"],
  ["C", "Captions on or off"],
  ["F", "Fullscreen"],
  ["?", "This list"],
];

/** Does the focused element want this key for itself? */
function takesKey(target: EventTarget | null, key: string): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.closest("dialog[open], [role=menu]")) return true;
  if (target instanceof HTMLInputElement && target.type === "range") return key.startsWith("Arrow");
  if (target.matches("input, textarea, select, [contenteditable]")) return true;
  return key === " " && target.matches("button, a, summary, label");
}

/** What a key does; undefined for keys that mean nothing here. */
function stepFor(key: string, act: Shortcuts): (() => void) | undefined {
  if (/^\d$/.test(key)) return () => act.jump(Number(key) / 10);
  switch (key) {
    case " ":
    case "k":
      return act.playPause;
    case "j":
      return () => act.skip(-10_000);
    case "l":
      return () => act.skip(10_000);
    case "ArrowLeft":
      return () => act.skip(-5000);
    case "ArrowRight":
      return () => act.skip(5000);
    case "ArrowUp":
      return () => act.volume(0.05);
    case "ArrowDown":
      return () => act.volume(-0.05);
    case "<":
      return () => act.rate(-1);
    case ">":
      return () => act.rate(1);
    case "m":
      return act.mute;
    case "f":
      return act.fullscreen;
    case "c":
      return act.captions;
    case "?":
      return act.help;
  }
  return undefined;
}

export function useShortcuts(actions: Shortcuts): void {
  const latest = useRef(actions);
  latest.current = actions;
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
      if (takesKey(event.target, event.key)) return;
      const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
      const step = stepFor(key, latest.current);
      if (!step) return;
      // A held key repeats: fine for skipping and volume, not for switches.
      if (event.repeat && !/^(j|l|Arrow.*)$/.test(key)) return;
      event.preventDefault();
      step();
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, []);
}
