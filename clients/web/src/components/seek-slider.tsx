// Where everyone is. Moves by hand-written styles (usePosition), so that playing renders nothing.
import type { Room, RoomView } from "@playhead/sdk";
import {
  type CSSProperties,
  type KeyboardEvent,
  type PointerEvent,
  type ReactNode,
  useEffect,
  useRef,
} from "react";
import { usePosition } from "../hooks/use-position";
import { formatTime, spokenTime } from "../lib/format";
import type { ShownPlayer } from "../players/shown-player";

/** Screen readers speak every change of the value: not more often than this. */
const spokenEveryMs = 5000;
const stepMs = 5000;
const pageMs = 60_000;

export interface SeekSliderProps {
  room: Room;
  view: RoomView;
  shown: ShownPlayer | null;
  /** Why nobody or not this viewer can seek; empty when they can. */
  disabledReason: string;
  /** Drawn on the line. */
  children?: ReactNode;
}

/** Buffered parts as a CSS gradient: one value to write instead of elements to keep. */
export function bufferedGradient(
  buffered: Pick<TimeRanges, "length" | "start" | "end">,
  durationMs: number,
): string {
  const stops: string[] = [];
  for (let index = 0; index < buffered.length; index += 1) {
    const from = ((buffered.start(index) * 100_000) / durationMs).toFixed(2);
    const to = ((buffered.end(index) * 100_000) / durationMs).toFixed(2);
    if (Number(to) > Number(from)) {
      stops.push(
        `transparent ${from}%`,
        `var(--buffered) ${from}%`,
        `var(--buffered) ${to}%`,
        `transparent ${to}%`,
      );
    }
  }
  return stops.length > 0 ? `linear-gradient(to right, ${stops.join(", ")})` : "none";
}

export function SeekSlider({ room, view, shown, disabledReason, children }: SeekSliderProps) {
  const input = useRef<HTMLInputElement>(null);
  const track = useRef<HTMLDivElement>(null);
  const time = useRef<HTMLSpanElement>(null);
  const hover = useRef<HTMLSpanElement>(null);
  const drag = useRef<{ active: boolean; positionMs: number }>({ active: false, positionMs: 0 });
  const spokenAtMs = useRef(Number.NEGATIVE_INFINITY);
  const { durationMs } = view.media;
  const unusable = disabledReason !== "" || durationMs <= 0;
  const withHours = durationMs >= 3_600_000;

  const draw = (roomPositionMs: number) => {
    const positionMs = drag.current.active ? drag.current.positionMs : roomPositionMs;
    const { current: slider } = input;
    if (!slider || !track.current || !time.current) return;
    const shownMs = durationMs > 0 ? Math.min(Math.max(positionMs, 0), durationMs) : 0;
    track.current.style.setProperty(
      "--at",
      durationMs > 0 ? `${(shownMs / durationMs) * 100}%` : "0%",
    );
    const text = formatTime(durationMs > 0 ? shownMs : positionMs, withHours);
    if (time.current.textContent !== text) time.current.textContent = text;
    if (!drag.current.active) slider.value = String(shownMs);
    const now = performance.now();
    if (drag.current.active || !view.motion.playing || now - spokenAtMs.current > spokenEveryMs) {
      spokenAtMs.current = now;
      slider.setAttribute(
        "aria-valuetext",
        durationMs > 0
          ? `${spokenTime(shownMs)} of ${spokenTime(durationMs)}`
          : spokenTime(positionMs),
      );
    }
  };
  const latestDraw = useRef(draw);
  latestDraw.current = draw;
  usePosition(room, view.status === "live" && view.motion.playing, draw);

  useEffect(() => {
    if (!shown || durationMs <= 0) return;
    const update = () => {
      const gradient = bufferedGradient(shown.media.buffered, durationMs);
      track.current?.style.setProperty("--buffered-ranges", gradient);
    };
    update();
    const timer = setInterval(update, 1000);
    shown.media.addEventListener("progress", update);
    return () => {
      clearInterval(timer);
      shown.media.removeEventListener("progress", update);
      track.current?.style.removeProperty("--buffered-ranges");
    };
  }, [shown, durationMs]);

  // The browser's own events, since React's onChange is the browser's "input": a drag has many of those and one "change".
  useEffect(() => {
    const slider = input.current;
    if (!slider) return;
    const onInput = () => {
      drag.current = { active: true, positionMs: Number(slider.value) };
      room.scrub(drag.current.positionMs);
      latestDraw.current(drag.current.positionMs);
    };
    const onEnd = () => {
      if (!drag.current.active) return;
      drag.current.active = false;
      void room.endScrub();
    };
    slider.addEventListener("input", onInput);
    slider.addEventListener("change", onEnd);
    return () => {
      slider.removeEventListener("input", onInput);
      slider.removeEventListener("change", onEnd);
      onEnd();
    };
  }, [room]);

  const onKeyDown = (event: KeyboardEvent) => {
    const nowMs = room.positionMs();
    const target: Record<string, number> = {
      ArrowLeft: nowMs - stepMs,
      ArrowDown: nowMs - stepMs,
      ArrowRight: nowMs + stepMs,
      ArrowUp: nowMs + stepMs,
      PageDown: nowMs - pageMs,
      PageUp: nowMs + pageMs,
      Home: 0,
      End: durationMs,
    };
    const toMs = target[event.key];
    if (toMs === undefined || unusable || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    void room.seek(Math.min(Math.max(toMs, 0), durationMs));
  };

  const onPointerMove = (event: PointerEvent) => {
    const box = track.current?.getBoundingClientRect();
    if (!box || !hover.current || durationMs <= 0) return;
    const fraction = Math.min(Math.max((event.clientX - box.left) / box.width, 0), 1);
    hover.current.textContent = formatTime(fraction * durationMs, withHours);
    track.current?.style.setProperty("--hover", `${fraction * 100}%`);
  };

  return (
    <div className="seek">
      <span className="time" ref={time} data-testid="position">
        0:00
      </span>
      <div
        className="seek-track"
        ref={track}
        style={{ "--at": "0%" } as CSSProperties}
        title={disabledReason || undefined}
        onPointerMove={onPointerMove}
      >
        {children}
        <div className="seek-rail" />
        <span className="seek-hover" ref={hover} aria-hidden="true" />
        <input
          ref={input}
          data-testid="seek"
          type="range"
          min={0}
          max={durationMs > 0 ? durationMs : 1}
          step={10}
          defaultValue={0}
          disabled={unusable}
          aria-label={`Position, for everyone${disabledReason && `. ${disabledReason}`}`}
          onKeyDown={onKeyDown}
        />
      </div>
      <span className="time" data-testid="duration">
        {durationMs > 0
          ? formatTime(durationMs, withHours)
          : shown?.media.duration === Number.POSITIVE_INFINITY
            ? "live"
            : "–:––"}
      </span>
    </div>
  );
}
