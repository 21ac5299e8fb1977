// One line of the chat. Everything in it comes from strangers and is rendered as text.
import type { Room } from "@playhead/sdk";
import { type CSSProperties, memo } from "react";
import { PencilIcon, ReplyIcon, TrashIcon } from "../../components/icons";
import { formatTime } from "../../lib/format";
import { type Line, piecesOf } from "./lines";

export interface LineActs {
  reply(line: Line): void;
  edit(line: Line): void;
  remove(line: Line): void;
  seek(positionMs: number): void;
  show(index: number): void;
}

export interface LineRowProps {
  room: Room;
  line: Line;
  /** Stands under the name of the line before. */
  follows: boolean;
  own: boolean;
  /** It mentions this viewer. */
  forMe: boolean;
  /** The line that this one answers, if it is still there. */
  answered: Line | undefined;
  /** Of those mentioned, as they were called; parted by a line break, since this is compared by value. */
  names: string;
  /** Its place in the film is a place in this film. */
  here: boolean;
  /** Why times are no links; empty when they are. */
  seekReason: string;
  canReply: boolean;
  canEdit: boolean;
  canRemove: boolean;
  acts: LineActs;
}

/** When it was said, on this viewer's clock. */
function saidAt(room: Room, tick: number): string {
  const untilMs = room.untilTickMs(tick);
  if (untilMs === undefined) return "";
  return new Date(Date.now() + untilMs).toLocaleTimeString([], {
    hour: "2-digit",
    minute: "2-digit",
  });
}

function TimeLink({
  text,
  positionMs,
  reason,
  onSeek,
}: {
  text: string;
  positionMs: number;
  reason: string;
  onSeek(positionMs: number): void;
}) {
  return (
    <button
      type="button"
      className="chat-time"
      aria-disabled={reason !== ""}
      title={reason || `Go to ${text}, for everyone`}
      onClick={() => onSeek(positionMs)}
    >
      {text}
    </button>
  );
}

export const LineRow = memo(function LineRow(props: LineRowProps) {
  const { room, line, follows, own, forMe, answered, names, here, seekReason, acts } = props;
  const pieces = piecesOf(line.text, names === "" ? [] : names.split("\n"));
  return (
    <li
      className={`chat-line${follows ? " chat-follows" : ""}${forMe ? " chat-for-me" : ""}`}
      data-testid="chat-line"
      data-line={line.index}
      style={{ "--hue": Math.round(line.from * 137.508) % 360 } as CSSProperties}
    >
      {line.replyTo !== undefined && (
        <button
          type="button"
          className="chat-answered"
          disabled={!answered}
          onClick={() => line.replyTo !== undefined && acts.show(line.replyTo)}
        >
          <ReplyIcon />
          {answered ? (
            <span>
              <bdi>{answered.name}</bdi>: <bdi>{answered.text}</bdi>
            </span>
          ) : (
            <span>a line that is gone</span>
          )}
        </button>
      )}
      {!follows && (
        <span className="chat-head">
          <bdi className="chat-name">{line.name}</bdi>
          {own && <span className="visually-hidden">(you)</span>}
          <span className="chat-when">
            {line.positionMs !== undefined && here && (
              <TimeLink
                text={formatTime(line.positionMs)}
                positionMs={line.positionMs}
                reason={seekReason}
                onSeek={acts.seek}
              />
            )}
            <span>{saidAt(room, line.tick)}</span>
          </span>
        </span>
      )}
      <p className="chat-text">
        <bdi data-testid="chat-text">
          {pieces.map((piece, at) => {
            const key = `${at}${piece.text}`;
            if (piece.kind === "mention") return <mark key={key}>{piece.text}</mark>;
            if (piece.kind === "time" && here) {
              return (
                <TimeLink
                  key={key}
                  text={piece.text}
                  positionMs={piece.positionMs}
                  reason={seekReason}
                  onSeek={acts.seek}
                />
              );
            }
            return piece.text;
          })}
        </bdi>
        {line.edited && <span className="chat-edited"> (edited)</span>}
      </p>
      <span className="chat-acts">
        {props.canReply && (
          <button
            type="button"
            className="control control-small"
            aria-label={`Reply to ${line.name}`}
            title="Reply"
            data-testid="chat-reply"
            onClick={() => acts.reply(line)}
          >
            <ReplyIcon />
          </button>
        )}
        {props.canEdit && (
          <button
            type="button"
            className="control control-small"
            aria-label="Change this line"
            title="Change"
            data-testid="chat-edit"
            onClick={() => acts.edit(line)}
          >
            <PencilIcon />
          </button>
        )}
        {props.canRemove && (
          <button
            type="button"
            className="control control-small"
            aria-label={own ? "Take this line back" : `Take back what ${line.name} wrote`}
            title="Take back"
            data-testid="chat-delete"
            onClick={() => acts.remove(line)}
          >
            <TrashIcon />
          </button>
        )}
      </span>
    </li>
  );
});
