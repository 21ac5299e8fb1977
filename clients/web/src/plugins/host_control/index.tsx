// Who holds the remote: anyone, the host and co-hosts, or the vote of all.
import { ActionButton } from "../../components/action-button";
import { useCommand } from "../../hooks/use-command";
import { useCountdown } from "../../hooks/use-countdown";
import { deniedReason, notLive } from "../../lib/refusals";
import {
  maybeNumber,
  type PluginProps,
  type PluginUi,
  presentFields,
  setOf,
  textOf,
  type ViewerAction,
  type ViewerProps,
  viewerOf,
} from "../plugin";

const modes: ReadonlyArray<readonly [mode: string, label: string, means: string]> = [
  ["anyone", "Anyone", "Everyone plays, pauses and seeks."],
  ["host", "The host", "Only the host and co-hosts do; the others see why not."],
  ["vote", "The vote", "Who presses a button asks the others; enough of them make it happen."],
];

const hostOf = ({ plugin }: PluginProps) => maybeNumber(plugin.state.host);

function Section(props: PluginProps) {
  const { room, view, plugin, tell } = props;
  const run = useCommand(room, "host_control", tell);
  const mode = textOf(plugin.state.mode);
  const host = viewerOf(view, hostOf(props));
  const reason = notLive(view) || deniedReason(room.may("host_control.manage"));
  const takeReason = notLive(view) || deniedReason(room.may("host_control.take"));
  return (
    <section className="section" aria-label="The remote" data-testid="host-control">
      <h2>Who holds the remote</h2>
      <fieldset className="modes" aria-label="Who plays, pauses and seeks">
        {modes.map(([value, label, means]) => (
          <label key={value} className="choice-row" title={reason || undefined}>
            <input
              type="radio"
              name="host-control-mode"
              value={value}
              checked={mode === value}
              disabled={reason !== ""}
              data-testid={`mode-${value}`}
              onChange={() => void run("change it", "set_mode", { mode: value })}
            />
            <span>
              {label}
              <small>{means}</small>
            </span>
          </label>
        ))}
      </fieldset>
      <div className="row">
        <span className="row-fill">
          The host is {host ? <bdi data-testid="host-name">{host.name}</bdi> : "nobody now"}
          {host?.id === view.me && " (you)"}
        </span>
        {host?.id !== view.me && (
          <ActionButton
            disabledReason={takeReason}
            tell={tell}
            testId="take-remote"
            onAct={() => void run("take the remote", "take")}
          >
            Take it
          </ActionButton>
        )}
      </div>
      {reason && <p className="hint">{reason}</p>}
    </section>
  );
}

function Banner({ room, plugin }: PluginProps) {
  const handover = presentFields(plugin.state.handover);
  const leftS = useCountdown(room, maybeNumber(handover?.ends_tick));
  if (!handover) return null;
  const name = textOf(handover.from_name) || "The host";
  return (
    <div className="banner plugin-banner" role="status" data-testid="handover">
      <span>
        <bdi>{name}</bdi> has gone. Somebody else gets the remote
        {leftS === undefined ? " soon" : ` in ${leftS} s`}.
      </span>
    </div>
  );
}

function ViewerTags(props: ViewerProps) {
  const { viewer, plugin } = props;
  if (hostOf(props) === viewer.id) return <span className="tag tag-strong">host</span>;
  if (setOf(plugin.state.cohosts).has(viewer.id)) return <span className="tag">co-host</span>;
  return null;
}

function viewerActions(props: ViewerProps): readonly ViewerAction[] {
  const { room, view, plugin, viewer, tell } = props;
  const reason = notLive(view) || deniedReason(room.may("host_control.manage"));
  const isHost = hostOf(props) === viewer.id;
  const isCohost = setOf(plugin.state.cohosts).has(viewer.id);
  const act = (name: string, args: { viewer: number; on?: boolean }, done: string) => () =>
    void room.command("host_control", name, args).then(({ verdict, message }) => {
      if (verdict === "applied") tell(done);
      else tell(`That was refused: ${message}`, "bad");
    });
  return [
    {
      id: "hand-over",
      label: "Make host",
      disabledReason: isHost ? "Is the host already." : reason,
      run: act("hand_over", { viewer: viewer.id }, `${viewer.name} has the remote`),
    },
    {
      id: "cohost",
      label: isCohost ? "No longer co-host" : "Make co-host",
      disabledReason: isHost ? "The host has the remote already." : reason,
      run: act(
        "cohost",
        { viewer: viewer.id, on: !isCohost },
        isCohost ? `${viewer.name} shares the remote no longer` : `${viewer.name} is a co-host`,
      ),
    },
  ];
}

const hostControl: PluginUi = { Section, Banner, ViewerTags, viewerActions };
export default hostControl;
