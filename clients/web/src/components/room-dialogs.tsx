import type { Room } from "@playhead/sdk";
import { type FormEvent, useId, useState } from "react";
import { shortcutHelp } from "../hooks/use-shortcuts";
import type { Tell } from "../hooks/use-toasts";
import { demoSource } from "../lib/demo";
import { readText, writeText } from "../lib/storage";
import { detectSource } from "../players/source";
import { Dialog } from "./dialog";
import { MediaField } from "./media-field";

export type RoomDialog = "media" | "name" | "help";

interface RoomDialogProps {
  room: Room;
  tell: Tell;
  onClose(): void;
}

/** The engine's limit on a name, in code points. */
const nameLengthMax = 32;

function MediaDialog({ room, tell, onClose }: RoomDialogProps) {
  const [text, setText] = useState("");
  const [strict, setStrict] = useState(false);
  const [sending, setSending] = useState(false);
  const [refusal, setRefusal] = useState("");
  const detection = text.trim() === "" && !strict ? null : detectSource(text);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setStrict(true);
    const found = detectSource(text);
    if (!found.ok || sending) return;
    setSending(true);
    const { kind, url, title, startMs } = found.source;
    const result = await room.load({ kind, url, title, positionMs: startMs });
    setSending(false);
    if (result.verdict === "applied") onClose();
    else setRefusal(result.message || "Someone else chose a video at the same moment.");
    if (result.verdict === "superseded")
      tell("Someone else chose a video at the same moment", "bad");
  };
  return (
    <Dialog title="Change the video" onClose={onClose}>
      <form onSubmit={submit}>
        <MediaField
          value={text}
          detection={detection}
          strict={strict}
          autoFocus
          onChange={(value) => {
            setText(value);
            setRefusal("");
          }}
        />
        {refusal && (
          <p className="hint hint-bad" role="alert">
            {refusal}
          </p>
        )}
        <p className="muted">Everyone in the room gets it.</p>
        <div className="dialog-actions">
          <button type="button" className="button" onClick={() => setText(demoSource.url)}>
            The demo
          </button>
          <button
            type="submit"
            className="button button-accent"
            data-testid="load"
            disabled={sending}
          >
            {sending ? "Loading…" : "Load for everyone"}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

function NameDialog({ room, tell, onClose }: RoomDialogProps) {
  const inputId = useId();
  const own = room.view.viewers.find(({ id }) => id === room.view.me);
  const [name, setName] = useState(readText("name") ?? "");
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const wanted = name.trim();
    writeText("name", wanted);
    onClose();
    const result = await room.setName(wanted);
    if (result.verdict === "refused") tell(`Your name stays: ${result.message}`, "bad");
  };
  return (
    <Dialog title="Your name" onClose={onClose}>
      <form onSubmit={submit}>
        <div className="field">
          <label htmlFor={inputId}>What others see</label>
          <input
            id={inputId}
            data-testid="name-input"
            type="text"
            maxLength={nameLengthMax}
            autoComplete="nickname"
            placeholder={own?.name}
            value={name}
            autoFocus
            onChange={(event) => setName(event.target.value)}
          />
          <p className="hint">Up to {nameLengthMax} characters. Leave it empty to be a guest.</p>
        </div>
        <div className="dialog-actions">
          <button type="submit" className="button button-accent" data-testid="save-name">
            Save
          </button>
        </div>
      </form>
    </Dialog>
  );
}

function HelpDialog({ onClose }: { onClose(): void }) {
  return (
    <Dialog title="Keys" onClose={onClose}>
      <dl className="keys">
        {shortcutHelp.map(([keys, what]) => (
          <div key={keys}>
            <dt>
              <kbd>{keys}</kbd>
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}

export function RoomDialogs({ open, ...props }: RoomDialogProps & { open: RoomDialog | null }) {
  switch (open) {
    case "media":
      return <MediaDialog {...props} />;
    case "name":
      return <NameDialog {...props} />;
    case "help":
      return <HelpDialog onClose={props.onClose} />;
    case null:
      return null;
  }
}
