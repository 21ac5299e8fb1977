// A film that starts at a time of day: a countdown for everyone, and setting it.
import { useId, useState } from "react";
import { ActionButton } from "../../components/action-button";
import { useCommand } from "../../hooks/use-command";
import { useCountdown } from "../../hooks/use-countdown";
import { usePluginEvent } from "../../hooks/use-plugin-event";
import { formatTime } from "../../lib/format";
import { deniedReason, notLive } from "../../lib/refusals";
import {
  maybeNumber,
  numberOf,
  type PluginProps,
  type PluginUi,
  presentFields,
  textOf,
} from "../plugin";

const startsSoonS = 10;

const dayMs = 86_400_000;

/** "at 20:15", "on Sat 21 Nov at 20:15". */
export function whenWords(atMs: number, nowMs: number): string {
  const at = new Date(atMs);
  const time = at.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  const sameDay = at.toDateString() === new Date(nowMs).toDateString();
  if (sameDay) return `at ${time}`;
  const day = at.toLocaleDateString([], { weekday: "short", day: "numeric", month: "short" });
  return `on ${day} at ${time}`;
}

/** "3 days", "1:02:03", "0:09". */
export function leftWords(leftS: number): string {
  return leftS * 1000 >= 2 * dayMs
    ? `${Math.floor((leftS * 1000) / dayMs)} days`
    : formatTime(leftS * 1000);
}

function Banner({ room, view, plugin, tell }: PluginProps) {
  const run = useCommand(room, "schedule", tell);
  const start = presentFields(plugin.state.start);
  const leftS = useCountdown(room, maybeNumber(start?.starts_tick));
  usePluginEvent(room, "schedule", "started", ({ late_s }) =>
    tell(numberOf(late_s) > 2 ? "It has begun" : "Here we go"),
  );
  if (!start) return null;
  const reason = notLive(view) || deniedReason(room.may("schedule.set"));
  const title = textOf(start.title) || view.media.title;
  return (
    <div className="banner plugin-banner" role="status" data-testid="countdown">
      <span>
        {title ? <bdi>{title}</bdi> : "The film"} starts{" "}
        {whenWords(numberOf(start.at_unix_s) * 1000, Date.now())}
        {leftS !== undefined && (
          // Spoken once a minute would do; the time itself is in the sentence.
          <strong aria-hidden={leftS > startsSoonS}> · {leftWords(leftS)}</strong>
        )}
      </span>
      <ActionButton
        disabledReason={reason}
        tell={tell}
        testId="start-now"
        onAct={() => void run("start", "start_now")}
      >
        Start now
      </ActionButton>
      <ActionButton
        disabledReason={reason}
        tell={tell}
        testId="cancel-start"
        onAct={() => void run("cancel it", "cancel")}
      >
        Cancel
      </ActionButton>
    </div>
  );
}

/** The value of a datetime-local field, in this viewer's own time. */
function localValue(ms: number): string {
  const at = new Date(ms - new Date(ms).getTimezoneOffset() * 60_000);
  return at.toISOString().slice(0, 16);
}

function Section({ room, view, plugin, tell }: PluginProps) {
  const run = useCommand(room, "schedule", tell);
  const [when, setWhen] = useState("");
  const [locked, setLocked] = useState(true);
  const whenId = useId();
  const reason = notLive(view) || deniedReason(room.may("schedule.set"));
  const atMs = new Date(when).getTime();
  const past = when !== "" && !(atMs > Date.now());
  return (
    <section className="section" aria-label="Start at a time" data-testid="schedule">
      <h2>Start at a time</h2>
      {presentFields(plugin.state.start) && <p>A start is set; a new one replaces it.</p>}
      <label className="check-row" htmlFor={whenId}>
        In your own time
      </label>
      <div className="row">
        <input
          id={whenId}
          type="datetime-local"
          className="input row-fill"
          data-testid="schedule-when"
          min={localValue(Date.now())}
          value={when}
          disabled={reason !== ""}
          aria-invalid={past}
          onChange={({ target }) => setWhen(target.value)}
        />
        <ActionButton
          disabledReason={reason || (when === "" ? "Say when." : past ? "That time is over." : "")}
          tell={tell}
          testId="schedule-set"
          onAct={() => void run("set it", "set", { at_unix_s: atMs / 1000, locked })}
        >
          Set
        </ActionButton>
      </div>
      <label className="check-row">
        <input
          type="checkbox"
          checked={locked}
          disabled={reason !== ""}
          onChange={({ target }) => setLocked(target.checked)}
        />
        Nobody starts it earlier
      </label>
      {reason && <p className="hint">{reason}</p>}
    </section>
  );
}

const schedule: PluginUi = { Banner, Section };
export default schedule;
