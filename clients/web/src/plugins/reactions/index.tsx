// Emoji that rise over the film. A press sends one; dragged onto the picture it appears at that place.
import { type CSSProperties, type PointerEvent, useEffect, useMemo, useRef, useState } from "react";
import { usePluginEvent } from "../../hooks/use-plugin-event";
import { deniedReason, notLive } from "../../lib/refusals";
import { mapOf, numberOf, type PluginProps, type PluginUi, textsOf } from "../plugin";
import { type Float, floatsMax, floatsOf } from "./floats";
import "./reactions.css";

/** As long as the animations in reactions.css, with the latest start. Unit: ms. */
const floatsForMs = 3600;
/** Moved farther than this, a press is a drag. Unit: CSS pixels. */
const dragFrom = 8;

function Bar({ room, view, plugin, tell }: PluginProps) {
  const choices = textsOf(plugin.state.choices);
  const reason = notLive(view) || deniedReason(room.may("reactions.react"));
  const [drag, setDrag] = useState<{ emoji: string; left: number; top: number }>();
  const from = useRef<{ x: number; y: number; emoji: string } | undefined>(undefined);
  const dragged = useRef(false);

  const onPointerMove = ({ clientX, clientY }: PointerEvent) => {
    const { current } = from;
    if (!current) return;
    if (!dragged.current && Math.hypot(clientX - current.x, clientY - current.y) < dragFrom) return;
    dragged.current = true;
    setDrag({ emoji: current.emoji, left: clientX, top: clientY });
  };
  const onPointerUp = ({ clientX, clientY }: PointerEvent) => {
    const { current } = from;
    from.current = undefined;
    setDrag(undefined);
    if (!current || !dragged.current) return;
    const box = document.querySelector(".picture")?.getBoundingClientRect();
    if (!box) return;
    const x = (clientX - box.left) / box.width;
    const y = (clientY - box.top) / box.height;
    if (x < 0 || x > 1 || y < 0 || y > 1) return;
    const round = (share: number) => Math.round(share * 1000) / 1000;
    room.signal("reactions", "react", { emoji: current.emoji, x: round(x), y: round(y) });
  };

  return (
    <fieldset className="reactions" aria-label="React" data-testid="reactions">
      {choices.map((emoji) => (
        <button
          key={emoji}
          type="button"
          className="reaction"
          aria-label={`React with ${emoji}`}
          aria-disabled={reason !== ""}
          title={reason || "Press, or drag it onto the picture"}
          data-emoji={emoji}
          onPointerDown={(event) => {
            if (reason) return;
            dragged.current = false;
            from.current = { x: event.clientX, y: event.clientY, emoji };
            event.currentTarget.setPointerCapture?.(event.pointerId);
          }}
          onPointerMove={onPointerMove}
          onPointerUp={onPointerUp}
          onPointerCancel={() => {
            from.current = undefined;
            setDrag(undefined);
          }}
          onClick={() => {
            if (reason) tell(reason);
            else if (!dragged.current) room.signal("reactions", "react", { emoji });
            dragged.current = false;
          }}
        >
          {emoji}
        </button>
      ))}
      {drag && (
        <span className="reaction-dragged" style={{ left: drag.left, top: drag.top }}>
          {drag.emoji}
        </span>
      )}
    </fieldset>
  );
}

function Layer({ room, view }: PluginProps) {
  const [floats, setFloats] = useState<readonly Float[]>([]);
  const nextId = useRef(1);
  const timers = useRef(new Set<ReturnType<typeof setTimeout>>());
  useEffect(() => {
    const running = timers.current;
    return () => {
      for (const timer of running) clearTimeout(timer);
    };
  }, []);
  usePluginEvent(room, "reactions", "burst", (burst) => {
    // Nobody looks at a hidden page, which would keep them all for later.
    if (numberOf(burst.media) !== view.media.instance || document.hidden) return;
    const risen = floatsOf(burst, nextId.current, Math.random);
    nextId.current += risen.length;
    setFloats((before) => [...before, ...risen].slice(-floatsMax));
    const timer = setTimeout(() => {
      timers.current.delete(timer);
      setFloats((before) => before.filter((float) => !risen.includes(float)));
    }, floatsForMs);
    timers.current.add(timer);
  });
  return (
    <div className="floats" aria-hidden="true" data-testid="floats">
      {floats.map(({ id, emoji, x, y, placed, delayMs }) => (
        <span
          key={id}
          className={placed ? "float float-placed" : "float"}
          style={
            {
              left: `${x * 100}%`,
              top: `${y * 100}%`,
              animationDelay: `${Math.round(delayMs)}ms`,
              "--sway": `${((id * 37) % 40) - 20}px`,
            } as CSSProperties
          }
        >
          {emoji}
        </span>
      ))}
    </div>
  );
}

/** How many reacted in each moment of the film, as low bars along its line. */
function Timeline({ view, plugin }: PluginProps) {
  const { durationMs } = view.media;
  const momentMs = numberOf(plugin.state.moment_s) * 1000;
  const moments = mapOf(plugin.state.moments);
  const most = useMemo(() => Math.max(1, ...[...moments.values()].map(numberOf)), [moments]);
  if (durationMs <= 0 || momentMs <= 0 || moments.size === 0) return null;
  return (
    <div className="moments" aria-hidden="true">
      {[...moments].map(([moment, count]) => {
        const startMs = Number(moment) * momentMs;
        if (startMs >= durationMs) return null;
        return (
          <span
            key={moment}
            className="moment"
            style={{
              left: `${(startMs / durationMs) * 100}%`,
              width: `${(Math.min(momentMs, durationMs - startMs) / durationMs) * 100}%`,
              height: `${20 + (numberOf(count) / most) * 80}%`,
            }}
          />
        );
      })}
    </div>
  );
}

const reactions: PluginUi = { Bar, Layer, Timeline };
export default reactions;
