// Who may do what, and what moderators do about those who should not: mute, kick, ban.
import { useState } from "react";
import { ActionButton } from "../../components/action-button";
import { useCommand } from "../../hooks/use-command";
import { deniedReason, notLive, refusalWords } from "../../lib/refusals";
import {
  fieldsOf,
  itemsOf,
  mapOf,
  maybeNumber,
  numberOf,
  type PluginProps,
  type PluginUi,
  ringOf,
  textOf,
  type ViewerAction,
  type ViewerProps,
  viewerOf,
} from "../plugin";
import "./roles.css";

const who: ReadonlyArray<readonly [value: string, words: string]> = [
  ["anyone", "Anyone"],
  ["member", "Members"],
  ["host", "The host"],
  ["moderator", "Moderators"],
  ["owner", "The owner"],
];

/** Of which plugin, as people call it; only those that the room runs are offered. */
const permissions: ReadonlyArray<readonly [permission: string, words: string]> = [
  ["playback", "Play, pause and seek"],
  ["playback.load", "Change the video"],
  ["chat.say", "Write in the chat"],
  ["chat.moderate", "Moderate the chat"],
  ["reactions.react", "React"],
  ["cursors.point", "Show a pointer"],
  ["queue.add", "Add to the queue"],
  ["queue.edit", "Reorder the queue"],
  ["queue.play", "Play from the queue, skip"],
  ["queue.vote", "Vote for items"],
  ["vote.start", "Put to the vote"],
  ["vote.cast", "Vote"],
  ["vote.poll", "Start polls"],
  ["ready.check", "Start ready checks"],
  ["schedule.set", "Set when the film starts"],
  ["roles.mute", "Mute viewers"],
  ["roles.kick", "Kick viewers out"],
  ["roles.ban", "Ban viewers"],
];

function untilWords(props: PluginProps, tick: number | undefined): string {
  const leftMs = tick === undefined ? undefined : props.room.untilTickMs(tick);
  if (leftMs === undefined) return "until lifted";
  const minutes = Math.max(1, Math.round(leftMs / 60_000));
  if (minutes < 90) return `for ${minutes} more min`;
  const hours = Math.round(minutes / 60);
  return hours < 48 ? `for ${hours} more h` : `for ${Math.round(hours / 24)} more days`;
}

function ViewerTags(props: ViewerProps) {
  const { viewer, plugin } = props;
  const mute = mapOf(plugin.state.mutes).get(viewer.id);
  return (
    <>
      {viewer.roles.moderator && <span className="tag">moderator</span>}
      {viewer.roles.member && !viewer.roles.moderator && <span className="tag">member</span>}
      {viewer.roles.muted && (
        <span
          className="tag tag-muted"
          data-testid="muted"
          title={`Muted ${untilWords(props, maybeNumber(fieldsOf(mute).until_tick))}`}
        >
          muted
        </span>
      )}
    </>
  );
}

function viewerActions(props: ViewerProps): readonly ViewerAction[] {
  const { room, view, viewer, tell } = props;
  const self = viewer.id === view.me;
  const amOwner = viewerOf(view, view.me)?.roles.owner === true;
  const offline = notLive(view);
  const reasonFor = (permission: string) => offline || deniedReason(room.may(permission));
  const act =
    (name: string, done: string, args: Record<string, string> = {}) =>
    (asked: { seconds?: number; reason?: string }) =>
      void room
        .command("roles", name, { viewer: viewer.id, ...args, ...asked })
        .then((result) =>
          result.verdict === "applied"
            ? tell(done)
            : tell(`That was refused. ${refusalWords(result)}`, "bad"),
        );
  const onlyOwner = amOwner ? "" : "Only the owner.";
  const { name, roles } = viewer;
  const role = (is: boolean, value: string, label: string, extra = ""): ViewerAction => ({
    id: is ? `revoke-${value}` : `grant-${value}`,
    label: is ? `No longer ${label}` : `Make ${label}`,
    // Stepping down is everyone's own affair.
    disabledReason: is && self ? offline : reasonFor("roles.grant") || extra,
    run: act(is ? "revoke" : "grant", `${name} is ${is ? "no longer " : "now "}${label}`, {
      role: value,
    }),
  });
  const actions = [
    role(roles.member, "member", "member"),
    role(roles.moderator, "moderator", "moderator", onlyOwner),
    role(roles.owner, "owner", "owner", onlyOwner),
  ];
  if (self) return actions.filter(({ id }) => id.startsWith("revoke"));
  return [
    ...actions,
    roles.muted
      ? {
          id: "unmute",
          label: "Let speak again",
          disabledReason: reasonFor("roles.mute"),
          run: act("unmute", `${name} may speak again`),
        }
      : {
          id: "mute",
          label: "Mute",
          disabledReason: reasonFor("roles.mute"),
          ask: "time" as const,
          run: act("mute", `${name} is muted`),
        },
    {
      id: "kick",
      label: "Kick out",
      disabledReason: reasonFor("roles.kick"),
      ask: "reason" as const,
      danger: true,
      run: act("kick", `${name} was shown the door`),
    },
    {
      id: "ban",
      label: "Ban",
      disabledReason: reasonFor("roles.ban"),
      ask: "time" as const,
      danger: true,
      run: act("ban", `${name} is banned`),
    },
  ];
}

function Permissions({ room, view, plugin, tell }: PluginProps) {
  const run = useCommand(room, "roles", tell);
  const set = mapOf(plugin.state.who);
  const reason = notLive(view) || deniedReason(room.may("roles.permit"));
  const offered = permissions.filter(([permission]) => {
    const [owner = ""] = permission.split(".");
    return owner === "playback" || owner in view.plugins;
  });
  return (
    <details className="who" data-testid="permissions">
      <summary>Who may do what</summary>
      {reason && <p className="hint">{reason}</p>}
      <ul>
        {offered.map(([permission, words]) => (
          <li key={permission}>
            <label>
              <span>{words}</span>
              <select
                className="select"
                value={textOf(set.get(permission)) || "anyone"}
                disabled={reason !== ""}
                title={reason || undefined}
                data-permission={permission}
                onChange={({ target }) =>
                  void run("change it", "permit", { permission, who: target.value })
                }
              >
                {who.map(([value, name]) => (
                  <option key={value} value={value}>
                    {name}
                  </option>
                ))}
              </select>
            </label>
          </li>
        ))}
      </ul>
    </details>
  );
}

function Bans(props: PluginProps) {
  const { room, view, plugin, tell } = props;
  const run = useCommand(room, "roles", tell);
  const bans = itemsOf(plugin.state.bans);
  const reason = notLive(view) || deniedReason(room.may("roles.ban"));
  if (bans.length === 0) return null;
  return (
    <details className="who" data-testid="bans">
      <summary>Banned: {bans.length}</summary>
      <ul>
        {bans.map(({ id, value }) => {
          const ban = fieldsOf(value);
          return (
            <li key={id} className="row">
              <span className="row-fill">
                <bdi>{textOf(ban.name)}</bdi>
                <small>
                  by <bdi>{textOf(ban.by_name)}</bdi> {untilWords(props, numberOf(ban.until_tick))}
                  {textOf(ban.reason) && ": "}
                  <bdi>{textOf(ban.reason)}</bdi>
                </small>
              </span>
              <ActionButton
                disabledReason={reason}
                tell={tell}
                onAct={() => void run("lift it", "unban", { ban: id })}
              >
                Lift
              </ActionButton>
            </li>
          );
        })}
      </ul>
    </details>
  );
}

const shownAtFirst = 10;

function Log({ plugin }: PluginProps) {
  const [all, setAll] = useState(false);
  const log = [...ringOf(plugin.state.log)].reverse();
  if (log.length === 0) return null;
  return (
    <details className="who">
      <summary>What moderators did</summary>
      <ul>
        {(all ? log : log.slice(0, shownAtFirst)).map(({ index, value }) => {
          const { by_name, action, name, reason } = fieldsOf(value);
          return (
            <li key={index}>
              <bdi>{textOf(by_name) || "The room"}</bdi>: {textOf(action)} <bdi>{textOf(name)}</bdi>
              {textOf(reason) && " – "}
              <bdi>{textOf(reason)}</bdi>
            </li>
          );
        })}
      </ul>
      {!all && log.length > shownAtFirst && (
        <button type="button" className="button button-small" onClick={() => setAll(true)}>
          All
        </button>
      )}
    </details>
  );
}

function Section(props: PluginProps) {
  const { view } = props;
  const own = viewerOf(view, view.me)?.roles;
  const names = own
    ? (["owner", "moderator", "host", "cohost", "member"] as const).filter((role) => own[role])
    : [];
  return (
    <section className="section" aria-label="Roles" data-testid="roles">
      <h2>Roles</h2>
      <p>
        You are {names.length > 0 ? names.join(", ").replace("cohost", "co-host") : "a guest"}
        {own?.muted && ", and muted"}.
      </p>
      <Permissions {...props} />
      <Bans {...props} />
      <Log {...props} />
    </section>
  );
}

const roles: PluginUi = { Section, ViewerTags, viewerActions };
export default roles;
