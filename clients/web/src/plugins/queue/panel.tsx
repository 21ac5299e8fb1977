// What is played next. Rows are moved with the pointer or, on their handle, with the arrow keys.
import type { CommandResult, SharedField } from "@playhead/sdk";
import {
  type CSSProperties,
  type FormEvent,
  type KeyboardEvent,
  type PointerEvent,
  useEffect,
  useMemo,
  useRef,
  useState,
} from "react";
import { ActionButton } from "../../components/action-button";
import { ActionMenu } from "../../components/action-menu";
import {
  GripIcon,
  HeartIcon,
  MoreIcon,
  PlayIcon,
  SkipIcon,
  TrashIcon,
} from "../../components/icons";
import { useCommand } from "../../hooks/use-command";
import { useCountdown } from "../../hooks/use-countdown";
import { usePluginEvent } from "../../hooks/use-plugin-event";
import { countOf } from "../../lib/format";
import { deniedReason, notLive, refusalWords } from "../../lib/refusals";
import { detectSource } from "../../players/source";
import { fieldsOf, maybeNumber, type PanelProps, textOf } from "../plugin";
import { currentTitle, moved, type QueueItem, queueItems } from "./items";
import { useDrag } from "./use-drag";

function AddForm({ room, reason }: PanelProps & { reason: string }) {
  const [text, setText] = useState("");
  const [problem, setProblem] = useState("");
  const [sending, setSending] = useState(false);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (sending || reason) return;
    const found = detectSource(text);
    if (!found.ok) {
      setProblem(found.reason);
      return;
    }
    setSending(true);
    const { url, kind, title } = found.source;
    const result = await room.command("queue", "add", { url, kind, title: title || undefined });
    setSending(false);
    if (result.verdict === "applied") setText("");
    else setProblem(refusalWords(result));
  };
  return (
    <form className="queue-add" onSubmit={submit}>
      <div className="row">
        <input
          className="input row-fill"
          type="text"
          inputMode="url"
          autoComplete="off"
          spellCheck={false}
          data-testid="queue-url"
          aria-label="Link to a video for the queue"
          aria-invalid={problem !== ""}
          placeholder={reason || "Link to a video"}
          value={text}
          disabled={reason !== ""}
          onChange={({ target }) => {
            setText(target.value);
            setProblem("");
          }}
        />
        <button
          type="submit"
          className="button button-small"
          data-testid="queue-add"
          disabled={reason !== "" || sending}
          title={reason || undefined}
        >
          Add
        </button>
      </div>
      {problem && (
        <p className="hint hint-bad" role="alert">
          {problem}
        </p>
      )}
    </form>
  );
}

interface RowProps {
  panel: PanelProps;
  item: QueueItem;
  position: number;
  count: number;
  held: boolean;
  offsetY: number;
  editReason: string;
  moveReason: string;
  playReason: string;
  voteReason: string;
  onHold(event: PointerEvent): void;
  onDrag(event: PointerEvent): void;
  onDrop(): void;
  onMove(to: number): void;
  run(what: string, name: string, args: Record<string, number | boolean>): void;
}

function Row(props: RowProps) {
  const { panel, item, position, count, held, editReason, moveReason, voteReason, run } = props;
  const { tell, view } = panel;
  const own = item.by !== undefined && item.by === view.me;
  const voted = view.me !== undefined && item.votes.includes(view.me);
  const onKeyDown = (event: KeyboardEvent) => {
    const to: Record<string, number> = {
      ArrowUp: position - 1,
      ArrowDown: position + 1,
      Home: 0,
      End: count - 1,
    };
    const next = to[event.key];
    if (next === undefined || moveReason) return;
    event.preventDefault();
    event.stopPropagation();
    if (next !== position && next >= 0 && next < count) props.onMove(next);
  };
  return (
    <li
      className={held ? "queue-row queue-held" : "queue-row"}
      data-testid="queue-item"
      data-item={item.id}
      style={{ "--offset": `${props.offsetY}px` } as CSSProperties}
    >
      <button
        type="button"
        className="control control-small queue-grip"
        aria-label={`Move “${item.title}”, ${position + 1} of ${count}${moveReason && `. ${moveReason}`}`}
        aria-disabled={moveReason !== ""}
        title={moveReason || "Drag, or move it with the arrow keys"}
        data-testid="queue-grip"
        onKeyDown={onKeyDown}
        onPointerDown={moveReason ? undefined : props.onHold}
        onPointerMove={props.onDrag}
        onPointerUp={props.onDrop}
        onPointerCancel={props.onDrop}
        onClick={() => moveReason && tell(moveReason)}
      >
        <GripIcon />
      </button>
      <span className="queue-what">
        <bdi className="queue-title" title={item.url}>
          {item.title}
        </bdi>
        <small>
          {item.byName && (
            <>
              by <bdi>{item.byName}</bdi>
            </>
          )}
        </small>
      </span>
      <ActionButton
        className="control control-small queue-vote"
        label={voted ? `No longer want “${item.title}”` : `Want “${item.title}”`}
        disabledReason={voteReason}
        tell={tell}
        pressed={voted}
        testId="queue-vote"
        onAct={() => run("vote", "vote", { item: item.id, on: !voted })}
      >
        <HeartIcon filled={voted} />
        {item.votes.length > 0 && <span>{item.votes.length}</span>}
      </ActionButton>
      <ActionButton
        className="control control-small"
        label={`Play “${item.title}” now`}
        disabledReason={props.playReason}
        tell={tell}
        testId="queue-play"
        onAct={() => run("play it", "play", { item: item.id })}
      >
        <PlayIcon />
      </ActionButton>
      <ActionButton
        className="control control-small"
        label={`Remove “${item.title}”`}
        disabledReason={own ? notLive(view) : editReason}
        tell={tell}
        testId="queue-remove"
        onAct={() => run("remove it", "remove", { item: item.id })}
      >
        <TrashIcon />
      </ActionButton>
    </li>
  );
}

/** The order as this viewer has made it, until the room has answered with its own. */
function useOrder(items: readonly QueueItem[], shared: SharedField | undefined) {
  const [own, setOwn] = useState<{
    readonly of: SharedField | undefined;
    readonly order: readonly QueueItem[];
  }>();
  const shown = own && own.of === shared ? own.order : items;
  return {
    shown,
    show: (order: readonly QueueItem[]) => setOwn({ of: shared, order }),
    forget: () => setOwn(undefined),
  };
}

export function QueuePanel(props: PanelProps) {
  const { room, view, plugin, tell } = props;
  const { state } = plugin;
  const items = useMemo(() => queueItems(state), [state]);
  const { shown, show, forget } = useOrder(items, state.items);
  const [said, setSaid] = useState("");
  const list = useRef<HTMLOListElement>(null);
  const command = useCommand(room, "queue", tell);
  const options = fieldsOf(state.options);
  const nextInS = useCountdown(room, maybeNumber(state.next_tick));
  const offline = notLive(view);
  const reasonFor = (permission: string) => offline || deniedReason(room.may(permission));
  const byVotes = options.order === "votes";
  const editReason = reasonFor("queue.edit");
  const moveReason = editReason || (byVotes ? "The votes order this queue." : "");
  const playReason = reasonFor("queue.play");
  const optionsReason = reasonFor("queue.options");
  const current = fieldsOf(state.current);
  const playing = currentTitle(state);

  usePluginEvent(room, "queue", "failed", ({ title, url, why }) =>
    tell(`Left out of the queue: ${textOf(title) || textOf(url)}. ${textOf(why)}`, "bad"),
  );

  const settle = (answer: Promise<CommandResult>) =>
    void answer.then(({ verdict }) => {
      // A refused order springs back; an applied one is the room's by now.
      if (verdict !== "applied") forget();
    });
  const place = (id: number, to: number) => {
    const before = items.findIndex((item) => item.id === id);
    const item = items[before];
    if (!item || before === to) {
      forget();
      return;
    }
    show(moved(items, id, to));
    setSaid(`${item.title}: now ${to + 1} of ${items.length}`);
    settle(command("move it", "move", { item: id, position: to + 1 }));
  };

  const drag = useDrag(list, place);
  const rowRefocus = useRef<number | undefined>(undefined);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a row that was moved by keys keeps the focus.
  useEffect(() => {
    const { current: id } = rowRefocus;
    if (id === undefined) return;
    rowRefocus.current = undefined;
    list.current?.querySelector<HTMLElement>(`[data-item="${id}"] .queue-grip`)?.focus();
  }, [shown]);

  return (
    <section className="queue" aria-label="Queue">
      <div className="row queue-now">
        <span className="row-fill" data-testid="queue-now">
          {nextInS !== undefined ? (
            `Next in ${nextInS} s`
          ) : playing ? (
            <>
              Playing: <bdi>{playing}</bdi>
            </>
          ) : (
            `${countOf(items.length, "video")} waiting`
          )}
        </span>
        <ActionButton
          label="Skip to the next"
          className="control"
          disabledReason={playReason || (items.length === 0 ? "Nothing waits." : "")}
          tell={tell}
          testId="queue-next"
          onAct={() => void command("skip", "next", { current: maybeNumber(current.item) })}
        >
          <SkipIcon />
        </ActionButton>
        <ActionMenu
          label="How the queue goes on"
          face={<MoreIcon />}
          className="control"
          testId="queue-options"
          actions={() => {
            const option = (
              id: string,
              label: string,
              on: boolean,
              args: Record<string, string | boolean>,
            ) => ({
              id,
              label: `${on ? "✓ " : ""}${label}`,
              disabledReason:
                optionsReason || (on && id !== "advance" ? "This is how it is now." : ""),
              onSelect: () => void command("change it", "set", args),
            });
            return [
              option("advance", "Go on by itself at the end", options.advance === true, {
                advance: options.advance !== true,
              }),
              option("loop-off", "Play each once", options.loop === "off", { loop: "off" }),
              option("loop-all", "Repeat all", options.loop === "all", { loop: "all" }),
              option("loop-one", "Repeat this one", options.loop === "one", { loop: "one" }),
              option("manual", "In this order", !byVotes, { order: "manual" }),
              option("votes", "Most wanted first", byVotes, { order: "votes" }),
              {
                id: "shuffle",
                label: "Shuffle",
                disabledReason: moveReason || (items.length < 2 ? "Too few wait." : ""),
                onSelect: () => void command("shuffle", "shuffle"),
              },
              {
                id: "clear",
                label: "Remove all",
                danger: true,
                disabledReason: editReason || (items.length === 0 ? "Nothing waits." : ""),
                onSelect: () => void command("clear the queue", "clear"),
              },
            ];
          }}
        />
      </div>
      <AddForm {...props} reason={reasonFor("queue.add")} />
      {items.length === 0 && <p className="muted">Nothing waits. Add what comes next.</p>}
      <ol className="queue-list" ref={list} data-testid="queue">
        {shown.map((item, position) => (
          <Row
            key={item.id}
            panel={props}
            item={item}
            position={position}
            count={shown.length}
            held={drag.held === item.id}
            offsetY={drag.offsetOf(item.id)}
            editReason={editReason}
            moveReason={moveReason}
            playReason={playReason}
            voteReason={reasonFor("queue.vote")}
            run={(what, name, args) => void command(what, name, args)}
            onHold={(event) => drag.hold(item.id, event)}
            onDrag={drag.move}
            onDrop={drag.drop}
            onMove={(to) => {
              rowRefocus.current = item.id;
              place(item.id, to);
            }}
          />
        ))}
      </ol>
      <p className="visually-hidden" aria-live="assertive">
        {said}
      </p>
    </section>
  );
}
