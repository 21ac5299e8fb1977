// Whom the room waits for and for how long, and asking whether everyone is ready.
import { ActionButton } from "../../components/action-button";
import { playbackRefusal } from "../../components/controls";
import { useCommand } from "../../hooks/use-command";
import { useCountdown } from "../../hooks/use-countdown";
import { usePluginEvent } from "../../hooks/use-plugin-event";
import { deniedReason, notLive } from "../../lib/refusals";
import {
  type Fields,
  fieldsOf,
  listOf,
  maybeNumber,
  numberOf,
  type PluginProps,
  type PluginUi,
  presentFields,
  setOf,
  textOf,
  textsOf,
  type ViewerProps,
} from "../plugin";
import "./ready.css";

const reasons: Readonly<Record<string, string>> = {
  stalled: "buffering",
  blocked: "has to touch the page first",
  joining: "coming in",
  lost: "reconnecting",
};

const spoken = 3;

/** "Ann (buffering), Ben (reconnecting) and 2 more". */
export function whomWords(waiting: Fields): string {
  const whom = listOf(waiting.whom).map((item) => {
    const { name, reason } = fieldsOf(item);
    return `${textOf(name)} (${reasons[textOf(reason)] ?? textOf(reason)})`;
  });
  const more = whom.length - Math.min(whom.length, spoken) + numberOf(waiting.more);
  const shown = whom.slice(0, spoken);
  return more > 0 ? `${shown.join(", ")} and ${more} more` : shown.join(", ");
}

function Waiting(props: PluginProps & { waiting: Fields }) {
  const { room, view, tell, waiting } = props;
  const run = useCommand(room, "ready", tell);
  const leftS = useCountdown(room, maybeNumber(waiting.ends_tick));
  const forMe = listOf(waiting.whom).some((item) => fieldsOf(item).viewer === view.me);
  return (
    <div className="banner banner-warn plugin-banner" role="status" data-testid="waiting">
      <span className="spinner" aria-hidden="true" />
      <span>
        <bdi>Waiting for {whomWords(waiting)}</bdi>
        {leftS !== undefined && ` (${leftS} s)`}
        {waiting.resume !== true && ". It stays paused afterwards."}
      </span>
      {forMe && (
        <button
          type="button"
          className="button button-small"
          data-testid="excuse"
          onClick={() => void run("say so", "excuse", { on: true })}
        >
          Do not wait for me
        </button>
      )}
      <ActionButton
        disabledReason={playbackRefusal(room, view, "play")}
        tell={tell}
        testId="go-on"
        onAct={() =>
          void room.play().then(({ verdict, message }) => {
            if (verdict === "refused") tell(`Could not go on: ${message}`, "bad");
          })
        }
      >
        Go on
      </ActionButton>
    </div>
  );
}

function Check(props: PluginProps & { check: Fields }) {
  const { room, view, plugin, tell, check } = props;
  const run = useCommand(room, "ready", tell);
  const leftS = useCountdown(room, maybeNumber(check.ends_tick));
  const ready = setOf(plugin.state.ready);
  const mine = view.me !== undefined && ready.has(view.me);
  return (
    <div className="banner plugin-banner" role="status" data-testid="ready-check">
      <span>
        {textOf(check.by_name) ? (
          <>
            <bdi>{textOf(check.by_name)}</bdi> asks: are you ready?
          </>
        ) : (
          "Are you ready?"
        )}{" "}
        <strong>
          {ready.size} of {numberOf(check.needed)}
        </strong>
        {leftS !== undefined && `, ${leftS} s left`}
      </span>
      <button
        type="button"
        className={mine ? "button button-small" : "button button-small button-accent"}
        aria-pressed={mine}
        data-testid="ready-yes"
        onClick={() => void run("answer", "answer", { ready: !mine })}
      >
        {mine ? "Not ready after all" : "I am ready"}
      </button>
      <ActionButton
        disabledReason={deniedReason(room.may("ready.check"))}
        tell={tell}
        testId="ready-stop"
        onAct={() => void run("stop it", "stop_check")}
      >
        Stop
      </ActionButton>
    </div>
  );
}

function Banner(props: PluginProps) {
  const waiting = presentFields(props.plugin.state.waiting);
  const check = presentFields(props.plugin.state.check);
  return (
    <>
      {waiting && <Waiting {...props} waiting={waiting} />}
      {check && <Check {...props} check={check} />}
    </>
  );
}

/** In fullscreen the banner is out of sight. */
function Layer({ room, plugin }: PluginProps) {
  const waiting = presentFields(plugin.state.waiting);
  const leftS = useCountdown(room, maybeNumber(waiting?.ends_tick));
  return (
    waiting && (
      <p className="waiting-chip" aria-hidden="true">
        Waiting for {whomWords(waiting)}
        {leftS !== undefined && ` (${leftS} s)`}
      </p>
    )
  );
}

function News({ room, tell }: PluginProps) {
  usePluginEvent(room, "ready", "check_ended", ({ result, ready, asked }) => {
    if (result === "ready") tell("Everyone is ready");
    else if (result === "timeout")
      tell(`Only ${numberOf(ready)} of ${numberOf(asked)} were ready in time`);
    else tell("The ready check was stopped");
  });
  usePluginEvent(room, "ready", "went_on_without", ({ names, why }) => {
    const whom = textsOf(names).slice(0, spoken).join(", ");
    tell(why === "forced" ? `Going on without ${whom}` : `${whom} took too long: going on`);
  });
  return null;
}

function People(props: PluginProps) {
  const { room, view, plugin, tell } = props;
  const run = useCommand(room, "ready", tell);
  const checking = presentFields(plugin.state.check) !== undefined;
  const excused = view.me !== undefined && setOf(plugin.state.excused).has(view.me);
  return (
    <div className="row ready-row">
      <ActionButton
        disabledReason={
          notLive(view) ||
          deniedReason(room.may("ready.check")) ||
          (checking ? "A check is running." : "")
        }
        tell={tell}
        testId="ready-start"
        onAct={() => void run("ask", "check")}
      >
        Is everyone ready?
      </ActionButton>
      <label className="check-row">
        <input
          type="checkbox"
          checked={excused}
          disabled={notLive(view) !== ""}
          data-testid="excused"
          onChange={() => void run("say so", "excuse", { on: !excused })}
        />
        Never wait for me
      </label>
    </div>
  );
}

function ViewerTags({ viewer, plugin }: ViewerProps) {
  if (presentFields(plugin.state.check) === undefined) return null;
  return setOf(plugin.state.ready).has(viewer.id) ? (
    <span className="tag tag-strong">ready</span>
  ) : null;
}

const ready: PluginUi = { Banner, Layer, News, People, ViewerTags };
export default ready;
