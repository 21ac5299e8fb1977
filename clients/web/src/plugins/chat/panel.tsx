import { useEffect, useMemo, useRef, useState } from "react";
import { ActionMenu } from "../../components/action-menu";
import { playbackRefusal } from "../../components/controls";
import { MoreIcon } from "../../components/icons";
import { useCommand } from "../../hooks/use-command";
import { usePluginEvent } from "../../hooks/use-plugin-event";
import { deniedReason, notLive } from "../../lib/refusals";
import { fieldsOf, numberOf, numbersOf, type PanelProps, ringOf, viewerOf } from "../plugin";
import { Composer } from "./composer";
import { LineRow } from "./line-row";
import { continues, type Line, lineOf, typingWords } from "./lines";

/** Somebody who was told of as typing, and is not told of again, has stopped. Unit: ms. */
const typingHoldsMs = 5000;
/** Closer to the end than this counts as the end. Unit: CSS pixels. */
const nearEnd = 48;
const slowChoices = [0, 5, 10, 30, 60] as const;

function useTypingOthers({ room, view }: PanelProps): string {
  const [typing, setTyping] = useState<{ ids: readonly number[]; more: number }>();
  usePluginEvent(room, "chat", "typing", ({ viewers, more }) =>
    setTyping({ ids: numbersOf(viewers), more: numberOf(more) }),
  );
  useEffect(() => {
    if (!typing) return;
    const timer = setTimeout(() => setTyping(undefined), typingHoldsMs);
    return () => clearTimeout(timer);
  }, [typing]);
  if (!typing) return "";
  const others = typing.ids.filter((id) => id !== view.me);
  const names = others.map((id) => viewerOf(view, id)?.name ?? "Someone");
  return typingWords(names, typing.more);
}

/** Keeps the end in sight while it is in sight, and says how many lines came while it was not. */
function useEnd(newest: number | undefined, shown: boolean) {
  const list = useRef<HTMLUListElement>(null);
  const atEnd = useRef(true);
  const [seen, setSeen] = useState(newest ?? 0);
  const toEnd = () => {
    const { current } = list;
    if (current) current.scrollTop = current.scrollHeight;
    atEnd.current = true;
    setSeen(newest ?? 0);
  };
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new line, or the panel coming to the front.
  useEffect(() => {
    if (shown && atEnd.current) toEnd();
  }, [newest, shown]);
  const onScroll = () => {
    const { current } = list;
    if (!current) return;
    const left = current.scrollHeight - current.scrollTop - current.clientHeight;
    atEnd.current = left < nearEnd;
    if (atEnd.current) setSeen(newest ?? 0);
  };
  return { list, onScroll, toEnd, unseen: (newest ?? 0) > seen && !atEnd.current };
}

export function ChatPanel(props: PanelProps) {
  const { room, view, plugin, tell, shown } = props;
  const lines = useMemo(() => ringOf(plugin.state.log).map(lineOf), [plugin.state.log]);
  const byIndex = useMemo(() => new Map(lines.map((line) => [line.index, line])), [lines]);
  const limits = fieldsOf(plugin.state.limits);
  const [answeringIndex, setAnswering] = useState<number>();
  const [editingIndex, setEditing] = useState<number>();
  const run = useCommand(room, "chat", tell);
  const typing = useTypingOthers(props);
  const newest = lines.at(-1)?.index;
  const { list, onScroll, toEnd, unseen } = useEnd(newest, shown);

  const sayReason =
    notLive(view) ||
    (plugin.suspended ? "The chat is resting." : deniedReason(room.may("chat.say")));
  const moderates = room.may("chat.moderate").allowed;
  const seekReason = playbackRefusal(room, view, "seek");
  const editMs = numberOf(limits.edit_s) * 1000;
  const canEdit = (line: Line) =>
    line.from === view.me && sayReason === "" && -(room.untilTickMs(line.tick) ?? 0) < editMs;

  const latest = useRef({ seekReason, tell });
  latest.current = { seekReason, tell };
  const acts = useMemo(
    () => ({
      reply: (line: Line) => {
        setEditing(undefined);
        setAnswering(line.index);
      },
      edit: (line: Line) => {
        setAnswering(undefined);
        setEditing(line.index);
      },
      remove: (line: Line) => void run("take it back", "delete", { line: line.index }),
      seek: (positionMs: number) => {
        const { seekReason: reason, tell: say } = latest.current;
        if (reason) say(reason);
        else void room.seek(positionMs);
      },
      show: (index: number) => {
        const row = list.current?.querySelector(`[data-line="${index}"]`);
        row?.scrollIntoView({ block: "center" });
        row?.animate?.([{ background: "var(--hover)" }, {}], 1200);
      },
    }),
    [room, run, list],
  );

  const namesOf = (line: Line) =>
    line.mentions
      .map((id) => viewerOf(view, id)?.name ?? "")
      .filter((name) => name !== "")
      .join("\n");

  return (
    <section className="chat" aria-label="Chat">
      {moderates && (
        <div className="chat-moderate">
          <ActionMenu
            label="Moderate the chat"
            testId="chat-moderate"
            face={<MoreIcon />}
            actions={() => [
              ...slowChoices.map((seconds) => ({
                id: `slow-${seconds}`,
                label: seconds === 0 ? "No slow mode" : `Slow mode: one line in ${seconds} s`,
                disabledReason: numberOf(limits.slow_s) === seconds ? "This is how it is now." : "",
                onSelect: () => void run("set slow mode", "set_slow", { seconds }),
              })),
              {
                id: "clear",
                label: "Take back all lines",
                disabledReason: lines.length === 0 ? "There are none." : "",
                danger: true,
                onSelect: () => void run("clear the chat", "clear"),
              },
            ]}
          />
        </div>
      )}
      <ul
        ref={list}
        className="chat-lines"
        role="log"
        aria-live={shown ? "polite" : "off"}
        aria-label="Lines"
        data-testid="chat-lines"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reachable by keys.
        tabIndex={0}
        onScroll={onScroll}
      >
        {lines.length === 0 && <li className="chat-empty">Nobody has said anything yet.</li>}
        {lines.map((line, at) => (
          <LineRow
            key={line.index}
            room={room}
            line={line}
            follows={continues(line, lines[at - 1])}
            own={line.from === view.me}
            forMe={view.me !== undefined && line.mentions.includes(view.me)}
            answered={line.replyTo === undefined ? undefined : byIndex.get(line.replyTo)}
            names={namesOf(line)}
            here={line.media === view.media.instance}
            seekReason={seekReason}
            canReply={sayReason === ""}
            canEdit={canEdit(line)}
            canRemove={line.from === view.me || moderates}
            acts={acts}
          />
        ))}
      </ul>
      {unseen && (
        <button type="button" className="button button-small chat-new" onClick={toEnd}>
          New lines ↓
        </button>
      )}
      <p className="chat-typing" aria-live="polite" data-testid="chat-typing">
        <bdi>{typing}</bdi>
      </p>
      <Composer
        room={room}
        view={view}
        lengthMax={numberOf(limits.length_max) || 500}
        slowS={moderates ? 0 : numberOf(limits.slow_s)}
        disabledReason={sayReason}
        answering={answeringIndex === undefined ? undefined : byIndex.get(answeringIndex)}
        editing={editingIndex === undefined ? undefined : byIndex.get(editingIndex)}
        onDone={() => {
          setAnswering(undefined);
          setEditing(undefined);
        }}
        onEditLast={() => {
          const last = [...lines].reverse().find(canEdit);
          if (last) acts.edit(last);
        }}
      />
    </section>
  );
}

/** How many lines of others came while the chat was not in front. */
export function ChatBadge({ view, plugin, shown }: PanelProps) {
  const lines = ringOf(plugin.state.log);
  const newest = lines.at(-1)?.index ?? 0;
  const [seen, setSeen] = useState(newest);
  useEffect(() => {
    if (shown) setSeen(newest);
  }, [shown, newest]);
  if (shown) return null;
  const unread = lines.map(lineOf).filter(({ index, from }) => index > seen && from !== view.me);
  if (unread.length === 0) return null;
  const forMe = unread.some(({ mentions }) => view.me !== undefined && mentions.includes(view.me));
  return (
    <span className={forMe ? "tab-badge" : "tab-badge tab-badge-quiet"} data-testid="chat-unread">
      {forMe && "@"}
      {unread.length > 99 ? "99+" : unread.length}
      <span className="visually-hidden"> unread</span>
    </span>
  );
}
