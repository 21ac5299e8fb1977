// Where a line is written. What was refused stays in the field.
import type { CommandResult, Room, RoomView } from "@playhead/sdk";
import { type KeyboardEvent, useEffect, useId, useRef, useState } from "react";
import { CloseIcon, SendIcon } from "../../components/icons";
import { refusalWords, retryMsOf } from "../../lib/refusals";
import { candidates, type Line, lengthOf, mentionBeingTyped, mentionsIn } from "./lines";

export interface ComposerProps {
  room: Room;
  view: RoomView;
  lengthMax: number;
  slowS: number;
  /** Why this viewer cannot write; empty when they can. */
  disabledReason: string;
  answering: Line | undefined;
  editing: Line | undefined;
  /** Done with answering or editing. */
  onDone(): void;
  /** Arrow up in an empty field. */
  onEditLast(): void;
}

/** The engine forgets that somebody types after five seconds. */
const tellTypingMs = 3000;
/** From here on the length that is left is shown. */
const lengthNear = 0.8;

/** Tells the others that this viewer writes; not while nothing stands in the field. */
function useTyping(room: Room): (typing: boolean) => void {
  const toldAtMs = useRef(Number.NEGATIVE_INFINITY);
  return (typing) => {
    const now = performance.now();
    if (typing && now - toldAtMs.current < tellTypingMs) return;
    if (!typing && toldAtMs.current === Number.NEGATIVE_INFINITY) return;
    toldAtMs.current = typing ? now : Number.NEGATIVE_INFINITY;
    room.signal("chat", "typing", { on: typing });
  };
}

/** Seconds until the next line is taken, counted down. */
function useWait(): readonly [number, (ms: number) => void] {
  const [leftS, setLeftS] = useState(0);
  const untilMs = useRef(0);
  useEffect(() => {
    if (leftS <= 0) return;
    const timer = setTimeout(
      () => setLeftS(Math.max(0, Math.ceil((untilMs.current - performance.now()) / 1000))),
      250,
    );
    return () => clearTimeout(timer);
  });
  const wait = (ms: number) => {
    untilMs.current = performance.now() + ms;
    setLeftS(Math.ceil(ms / 1000));
  };
  return [leftS, wait];
}

export function Composer(props: ComposerProps) {
  const { room, view, lengthMax, slowS, disabledReason, answering, editing, onDone } = props;
  const [text, setText] = useState("");
  const [caret, setCaret] = useState(0);
  const [refusal, setRefusal] = useState("");
  const [sending, setSending] = useState(false);
  const [waitS, wait] = useWait();
  const [picked, setPicked] = useState(0);
  const [dismissed, setDismissed] = useState(false);
  const field = useRef<HTMLTextAreaElement>(null);
  const listId = useId();
  const hintId = useId();
  const tellTyping = useTyping(room);

  // biome-ignore lint/correctness/useExhaustiveDependencies: only when another line is answered or changed.
  useEffect(() => {
    if (editing) {
      setText(editing.text);
      setCaret(editing.text.length);
    }
    if (editing || answering) field.current?.focus();
  }, [editing?.index, answering?.index]);

  const length = lengthOf(text);
  const tooLong = length > lengthMax;
  const said = text.trim();
  const mention = dismissed ? undefined : mentionBeingTyped(text, caret);
  const offered = mention ? candidates(mention.begin, view.viewers, view.me) : [];
  const waiting = waitS > 0 && !editing;
  const ready = said !== "" && !tooLong && !sending && !waiting && disabledReason === "";

  const change = (value: string, at: number) => {
    setText(value);
    setCaret(at);
    setPicked(0);
    setDismissed(false);
    setRefusal("");
    if (!editing) tellTyping(value.trim() !== "");
  };

  const pick = (name: string) => {
    if (!mention) return;
    const before = `${text.slice(0, mention.at)}@${name} `;
    change(before + text.slice(caret), before.length);
    field.current?.focus();
  };

  const settle = (result: CommandResult) => {
    setSending(false);
    if (result.verdict === "applied") {
      setText("");
      setCaret(0);
      onDone();
      if (slowS > 0 && !editing) wait(slowS * 1000);
      return;
    }
    const ms = retryMsOf(result);
    if (ms > 0) wait(ms);
    setRefusal(refusalWords(result));
  };

  const send = async () => {
    if (!ready) return;
    setSending(true);
    tellTyping(false);
    const mentions = mentionsIn(said, view.viewers);
    settle(
      editing
        ? await room.command("chat", "edit", { line: editing.index, text: said })
        : await room.command("chat", "say", {
            text: said,
            reply_to: answering?.index,
            mentions: mentions.length > 0 ? mentions : undefined,
            position_s: view.media.instance > 0 ? room.positionMs() / 1000 : undefined,
          }),
    );
  };

  const cancel = () => {
    if (editing) setText("");
    setRefusal("");
    onDone();
  };

  const onKeyDown = (event: KeyboardEvent) => {
    const choosing = offered.length > 0;
    if (event.key === "Enter" && !event.shiftKey && !event.nativeEvent.isComposing) {
      const name = offered[picked]?.name;
      if (choosing && name !== undefined && mention?.begin !== name) pick(name);
      else void send();
    } else if (choosing && event.key === "Tab") pick(offered[picked]?.name ?? "");
    else if (choosing && event.key === "ArrowDown") setPicked((picked + 1) % offered.length);
    else if (choosing && event.key === "ArrowUp")
      setPicked((picked + offered.length - 1) % offered.length);
    else if (event.key === "Escape" && choosing) setDismissed(true);
    else if (event.key === "Escape" && (editing || answering)) cancel();
    else if (event.key === "ArrowUp" && text === "") props.onEditLast();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  return (
    <form
      className="chat-composer"
      onSubmit={(event) => {
        event.preventDefault();
        void send();
      }}
    >
      {(answering || editing) && (
        <div className="chat-about">
          <span>
            {editing ? (
              "Changing your line"
            ) : (
              <>
                Replying to <bdi>{answering?.name}</bdi>
              </>
            )}
          </span>
          <button
            type="button"
            className="control control-small"
            aria-label={editing ? "Leave it as it was" : "Reply to nobody"}
            onClick={cancel}
          >
            <CloseIcon />
          </button>
        </div>
      )}
      {offered.length > 0 && (
        <div className="chat-offered" role="listbox" id={listId} aria-label="Whom to mention">
          {offered.map(({ id, name }, at) => (
            <div
              key={id}
              id={`${listId}-${id}`}
              role="option"
              tabIndex={-1}
              aria-selected={at === picked}
              onPointerDown={(event) => {
                event.preventDefault();
                pick(name);
              }}
            >
              <bdi>{name}</bdi>
            </div>
          ))}
        </div>
      )}
      <div className="chat-write">
        <textarea
          ref={field}
          className="input"
          data-testid="chat-input"
          rows={1}
          value={text}
          disabled={disabledReason !== ""}
          placeholder={disabledReason || "Say something"}
          aria-label="Say something to the room"
          aria-describedby={hintId}
          aria-invalid={tooLong}
          aria-controls={offered.length > 0 ? listId : undefined}
          aria-activedescendant={
            offered.length > 0 ? `${listId}-${offered[picked]?.id}` : undefined
          }
          onChange={({ target }) => change(target.value, target.selectionStart)}
          onSelect={({ currentTarget }) => setCaret(currentTarget.selectionStart)}
          onKeyDown={onKeyDown}
          onBlur={() => tellTyping(false)}
        />
        <button
          type="submit"
          className="control"
          data-testid="chat-send"
          aria-label={waiting ? `Send, in ${waitS} seconds` : editing ? "Change it" : "Send"}
          title={disabledReason || (waiting ? `Again in ${waitS} s` : "Send (Enter)")}
          disabled={!ready}
        >
          {waiting ? <span className="chat-wait">{waitS}</span> : <SendIcon />}
        </button>
      </div>
      <p id={hintId} className="chat-hint" aria-live="polite" data-testid="chat-hint">
        {refusal ? (
          <span className="hint-bad">{refusal}</span>
        ) : length > lengthMax * lengthNear ? (
          <span className={tooLong ? "hint-bad" : ""}>
            {length} of {lengthMax} characters
          </span>
        ) : slowS > 0 ? (
          `Slow mode: one line in ${slowS} s`
        ) : (
          ""
        )}
      </p>
    </form>
  );
}
